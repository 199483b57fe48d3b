/** The rooms of the house and which doors there are: see ARCHITECTURE.md. */
/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-circles',
      comment: 'Files that need each other are one file, or two that need a third.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'domain-is-pure',
      comment: 'The rules know nothing of databases, HTTP, Temporal or validation libraries.',
      severity: 'error',
      from: { path: '^src/domain' },
      to: { pathNot: ['^src/domain', '^(node:)?crypto$'] },
    },
    {
      name: 'contracts-stand-on-the-domain',
      severity: 'error',
      from: { path: '^src/contracts' },
      to: { pathNot: ['^src/contracts', '^src/domain'] },
    },
    {
      name: 'workflows-are-deterministic',
      comment: 'Only contracts, rules and the SDK; activities by type alone.',
      severity: 'error',
      from: { path: '^src/workflows' },
      to: {
        pathNot: ['^src/(workflows|contracts|domain)', '@temporalio/(workflow|common)'],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'only-db-speaks-sql',
      severity: 'error',
      from: { pathNot: ['^src/db', '^test', '^src/(chaos|bench|simulate)'] },
      to: { path: 'node_modules/(@types/)?pg/' },
    },
    {
      name: 'api-runs-one-activity',
      comment: "The API may take seats ahead of the actor; everything else is the actor's.",
      severity: 'error',
      from: { path: '^src/api' },
      to: { path: '^src/(activities|workflows|worker|relay)', pathNot: '^src/activities/hold-seats' },
    },
    {
      name: 'db-stands-on-the-domain',
      severity: 'error',
      from: { path: '^src/db' },
      to: { path: '^src/', pathNot: ['^src/(db|domain|contracts)/', '^src/fault-points'] },
    },
    {
      name: 'nothing-imports-a-main',
      severity: 'error',
      from: {},
      to: { path: '/main\\.ts$' },
    },
    {
      name: 'only-mains-read-settings',
      comment: 'Everything else gets what it needs handed to it.',
      severity: 'error',
      from: {
        path: '^src',
        pathNot: ['main\\.ts$', '^src/(cli|dev|chaos|bench|simulate)/', '^src/temporal/connection', '^src/production'],
      },
      to: { path: '^src/config', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'production-does-not-need-development',
      severity: 'error',
      from: { path: '^src', pathNot: '^src/(dev|cli|chaos|bench|simulate|report)' },
      to: { path: '^src/(dev|cli|chaos|bench|simulate|report)/' },
    },
    {
      name: 'no-undeclared-packages',
      severity: 'error',
      from: { path: '^src' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
