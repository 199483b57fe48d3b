const { default: Sequencer } = require('@jest/test-sequencer');

/** Test files that take a minute or more, mostly waiting; the longest first. */
const LONG = [
  'chaos/chaos',
  'docs/snippets',
  'api/outages',
  'api/slow-readers',
  'dev/hung',
  'deployment/rolling-restart',
  'deployment/restore',
  'docs/runbook',
  'api/caps-and-rate-limits',
  'api/webhook-deliveries',
  'cli/verify',
  'pages/shop',
  'pages/operator',
  'api/temporal-signals',
  'workflows/versioning',
  'api/late-payments',
];

/**
 * Spreads them over the others, so that while one waits the others use the processors. All begin in
 * the first nine tenths: one that began last would be waited for alone.
 */
module.exports = class SpreadLongest extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    const long = LONG.flatMap((name) =>
      sorted.filter(({ path }) => path.endsWith(`/${name}.test.ts`)),
    );
    const short = sorted.filter((test) => !long.includes(test));
    const between = Math.floor((short.length * 0.9) / Math.max(long.length, 1));
    const spread = long.flatMap((test, index) => [
      test,
      ...short.slice(index * between, (index + 1) * between),
    ]);
    return [...spread, ...short.slice(long.length * between)];
  }
};
