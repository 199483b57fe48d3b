# One image for every role: API, worker, migrations, seed. glibc, because Temporal's core is built for it; Chromium
# from Debian, because the ticket printer needs it; no build tools and no root at run time.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .puppeteerrc.cjs ./
# The workspaces dev/ and proof/ are no part of production; neither are their packages.
RUN npm ci --workspaces=false --no-audit --no-fund
COPY .swcrc ./
COPY scripts scripts
COPY src src
# The shop window uses it.
COPY clients/typescript/src clients/typescript/src
COPY migrations migrations
RUN node scripts/build.mjs
# What is left over: Temporal's core for other systems (26 MB each), and TypeScript, which one package could use. A
# checkout that others cannot read becomes an image that its user can read.
RUN npm ci --workspaces=false --omit=dev --no-audit --no-fund \
  && find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 \
    ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -r {} + \
  && rm -r node_modules/typescript \
  && chmod -R a+rX package.json dist

FROM node:24-bookworm-slim
# Tickets are printed with the fonts of the npm packages. Chromium needs one font of the system to start; fonts-liberation
# (2 MB) is a font that fontconfig accepts as its dependency.
RUN apt-get update \
  && apt-get install -y --no-install-recommends chromium fonts-liberation tini \
  && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production PUPPETEER_EXECUTABLE_PATH=/usr/bin/chromium
# What keeps a worker's memory where WORKER_CACHED_WORKFLOWS puts it: src/worker/memory.ts.
ENV MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=131072 MALLOC_TRIM_THRESHOLD_=131072
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
USER node
EXPOSE 3000
# Of the API, or of a worker that has METRICS_PORT. Nothing is written but to /tmp, so the rest may be read-only.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=6 \
  CMD ["node", "-e", "const { METRICS_PORT, PORT } = process.env; fetch(`http://127.0.0.1:${METRICS_PORT || PORT || 3000}/readyz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["tini", "--"]
CMD ["node", "dist/src/api/main.js"]
