/** The layers, and what each may import: see ARCHITECTURE.md. */
/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-circles',
      comment: 'Files that need each other are one file, or two that need a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'domain-is-pure',
      comment: 'The rules know nothing of databases, HTTP, Temporal or validation libraries.',
      severity: 'error',
      from: { path: '^src/domain' },
      to: { pathNot: ['^src/domain', '^(node:)?(crypto|url)$'] },
    },
    {
      name: 'contracts-stand-on-the-domain',
      severity: 'error',
      from: { path: '^src/contracts' },
      // The SDK's common part has the types of search attributes, for client and workflow alike.
      to: { pathNot: ['^src/contracts', '^src/domain', 'node_modules/@temporalio/common/'] },
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
      from: { path: '^src', pathNot: '^src/db' },
      to: { path: 'node_modules/(@types/)?pg/' },
    },
    {
      name: 'api-runs-one-activity',
      comment: "The API may take seats ahead of the actor; everything else is the actor's.",
      severity: 'error',
      from: { path: '^src/api' },
      to: {
        path: '^src/(activities|workflows|worker|relay)',
        pathNot: '^src/activities/hold-seats',
      },
    },
    {
      name: 'db-stands-on-the-domain',
      severity: 'error',
      from: { path: '^src/db' },
      to: { path: '^src/', pathNot: ['^src/(db|domain|contracts)/', '^src/(fault-points|spans)'] },
    },
    {
      name: 'pages-run-in-a-browser',
      comment: 'Rules may be shared; nothing that needs Node.js.',
      severity: 'error',
      from: { path: '^src/pages' },
      to: { path: '^src/', pathNot: '^src/(pages|domain)/|^src/documents/qr-code' },
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
        pathNot: [
          'main\\.ts$',
          '^src/cli/',
          '^src/(temporal/connection|worker/deployment|production|tracing)',
        ],
      },
      to: { path: '^src/config', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'the-product-stands-alone',
      comment: 'What proves it and what runs it on a desk may be taken away.',
      severity: 'error',
      from: { path: '^src' },
      to: { path: '^(dev|proof|test)/' },
    },
    {
      name: 'dev-meets-the-product-at-one-door',
      severity: 'error',
      from: { path: '^dev/', pathNot: '^dev/product\\.ts$' },
      to: { path: '^src/' },
    },
    {
      name: 'proof-meets-the-product-at-one-door',
      comment:
        'The benchmark has a second one, as its baselines share code with the product; and so has the big database, which runs its statements.',
      severity: 'error',
      from: { path: '^proof/', pathNot: '^proof/((bench|big-database)/)?product\\.ts$' },
      to: { path: '^src/' },
    },
    {
      name: 'race-and-chaos-see-the-product-from-outside',
      severity: 'error',
      from: { path: '^proof/(race|chaos|report)/' },
      to: { path: '^proof/bench/' },
    },
    {
      name: 'the-baseline-workflow-is-bundled-alone',
      comment: 'A bundle of a workflow cannot contain the product: it needs Node.js.',
      severity: 'error',
      from: { path: '^proof/bench/baselines/temporal/(workflow|contract)\\.ts$' },
      to: {
        pathNot: ['^proof/bench/baselines/temporal/', '@temporalio/(workflow|common)'],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'dev-does-not-need-proof',
      severity: 'error',
      from: { path: '^dev/' },
      to: { path: '^proof/' },
    },
    {
      name: 'pages-run-in-browsers',
      comment: 'They use the pure files of the product, and packages that browsers can run.',
      severity: 'error',
      from: { path: '^src/pages' },
      to: {
        pathNot: [
          '^src/(pages|domain)/',
          '^src/documents/qr-code',
          '^clients/typescript/src/',
          'node_modules/(preact|qrcode|jsqr)/',
        ],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'nothing-imports-a-page',
      severity: 'error',
      from: { pathNot: '^src/pages' },
      to: { path: '^src/pages' },
    },
    {
      name: 'no-undeclared-packages',
      severity: 'error',
      from: { path: '^(src|dev|proof)/' },
      to: {
        dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'],
        dependencyTypesNot: ['type-only'],
      },
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
