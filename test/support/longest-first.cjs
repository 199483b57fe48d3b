const { default: Sequencer } = require('@jest/test-sequencer');

/**
 * What takes a minute or more, mostly waiting. Begun first, it waits beside the others; begun last,
 * a clean checkout, where jest knows no times yet, would wait for it alone.
 */
const LONGEST = [
  'chaos/chaos',
  'api/slow-readers',
  'api/outages',
  'dev/hung',
  'deployment/restore',
  'api/webhook-deliveries',
  'docs/runbook',
  'docs/snippets',
  'deployment/rolling-restart',
  'pages/shop',
  'api/late-payments',
  'workflows/versioning',
];

module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    const first = LONGEST.flatMap((name) =>
      sorted.filter(({ path }) => path.endsWith(`/${name}.test.ts`)),
    );
    return [...first, ...sorted.filter((test) => !first.includes(test))];
  }
};
