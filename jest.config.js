const filesOf = (places) => places.map((place) => `test/${place}.test.ts`);

/** No service, no build and no browser: the inner loop. */
const UNIT = filesOf([
  '{config,domain,mail,payments,report}/**/*',
  'capacity/**/*',
  'pages/layout',
  'api/{hold-queue,hold-batches,addresses,best-available-choice,gate,outcomes,guesses}',
  'deployment/compose',
  'docs/{blocks,pages}',
  'bench/{judge,measuring}',
  'chaos/{count,kinds}',
  'dev/{fetched-programs,ports,process-priority,temporal-archive,watch}',
  'faults/faults',
  'webhooks/**/*',
  'pages/texts',
  'relay/{notifier,pace}',
  'documents/{fonts,format,printable-text}',
  'ops/files',
  'temporal/actor-directory',
]);

// Generous: the machine may be slow, and speed is the benchmark's matter.
const testTimeout = 600_000;

const common = {
  testEnvironment: 'node',
  transform: { '^.+\\.ts$': '@swc/jest', '/any-ascii/.+\\.js$': '@swc/jest' },
  // An ES module: Node can require it, jest cannot.
  transformIgnorePatterns: ['/node_modules/(?!any-ascii/)'],
  // The build has the manifests of the workspaces a second time.
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  testTimeout,
};
const withoutServices = (displayName, files) => ({
  ...common,
  displayName,
  testMatch: files.map((file) => `<rootDir>/${file}`),
  setupFiles: ['<rootDir>/test/support/no-services.ts'],
});

/** @type {import('jest').Config} */
module.exports = {
  projects: [
    withoutServices('unit', UNIT),
    {
      ...common,
      displayName: 'system',
      testMatch: ['<rootDir>/test/**/*.test.ts', ...UNIT.map((file) => `!**/${file}`)],
      globalSetup: '<rootDir>/test/support/global-setup.ts',
      globalTeardown: '<rootDir>/test/support/global-teardown.ts',
    },
  ],
  testTimeout,
  // One more than the processors of a small machine: much of the time is spent waiting.
  maxWorkers: 3,
  testSequencer: '<rootDir>/test/support/spread-longest.cjs',
  forceExit: false,
};
