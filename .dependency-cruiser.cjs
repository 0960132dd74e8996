/** Dependencies point inwards: functions and cli → shared/<concern> → ports; aws, memory and local implement ports. `test/unit/scripts/dependency-rule.test.ts` plants a violation of each rule. */
const SDK = '(^|node_modules/)@(aws-sdk|smithy)/'
const OUTER = '^(functions|local|cli|demo|scripts|test)/'

const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to })

module.exports = {
  forbidden: [
    rule(
      'no-cycle',
      'Modules that call each other are one module; types may refer to each other.',
      {},
      { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    ),
    rule(
      'domain-is-pure',
      'The domain knows ports, never an adapter or what is built on it.',
      { path: '^shared/', pathNot: '^shared/(aws|memory)/' },
      { path: `^shared/(aws|memory)/|${OUTER}` },
    ),
    rule(
      'ports-know-no-concern',
      'Ports and contracts are the innermost ring.',
      { path: '^shared/(ports|contracts)/' },
      { path: '^shared/', pathNot: '^shared/(ports/|contracts/|errors\\.ts$)' },
    ),
    rule(
      'sdk-only-in-adapters',
      'In the product only shared/aws speaks to AWS.',
      { path: '^(functions|shared)/', pathNot: '^shared/aws/' },
      { path: SDK },
    ),
    rule(
      'adapters-know-ports-only',
      'An adapter does not know who uses it.',
      { path: '^shared/(aws|memory)/' },
      { path: OUTER },
    ),
    rule(
      'adapters-are-apart',
      'Memory and AWS are two implementations of the same ports.',
      { path: '^shared/(aws|memory)/' },
      { path: '^shared/(aws|memory)/', pathNot: '^shared/$1/' },
    ),
    rule(
      'functions-are-deployable',
      'A Lambda holds nothing of the local cloud, the CLI or the tests.',
      { path: '^functions/' },
      { path: '^(shared/memory|local|cli|demo|scripts|test)/' },
    ),
    rule(
      'local-serves-nobody',
      'The local cloud is started by the CLI, the demo and tests, and imports none of them.',
      { path: '^local/' },
      { path: '^(cli|demo|functions|test)/' },
    ),
    rule('tests-are-leaves', 'Nothing imports a test or its helpers.', { pathNot: '^test/' }, { path: '^test/' }),
    rule(
      'bootstrap-on-built-ins',
      'The bootstrap runs on Node 20, before anything is installed.',
      { path: '^(scripts/(bootstrap/|run\\.mjs$|tasks\\.mjs$)|cli/tidegate\\.mjs$)' },
      { dependencyTypesNot: ['core'], pathNot: '^scripts/(bootstrap/|tasks\\.mjs$)' },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|\\.[^/]+)/' },
    // Without it a type-only import is no dependency.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
}
