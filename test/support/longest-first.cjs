const { default: Sequencer } = require('@jest/test-sequencer');

/**
 * Test files that take a minute or more, mostly waiting. They begin first and wait beside the others.
 * In a clean checkout jest knows no times: one that began last would be waited for alone.
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
