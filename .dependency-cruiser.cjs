// Who may import whom. Each comment tells the way out. tests/architecture/ runs these rules and shows that each can fail.
const NPM = '(^|/)node_modules/';
const SDK = `${NPM}@(aws-sdk|smithy)/`;
const PRODUCT = '^(shared|functions|events|pipelines|infrastructure)/';

/** A room that may import its own files and what is listed; everything else (npm, Node's own modules too) is an error. */
const room = (name, path, mayImport, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path },
  to: { pathNot: [path, ...mayImport] },
});

module.exports = {
  forbidden: [
    room(
      'domain-imports-nothing',
      '^shared/domain/',
      [],
      'Decisions are pure: no npm package, no Node module, no other room. Take the value as an argument, or declare a port ' +
        'in shared/ports/ and let a use case fetch it.',
    ),
    room(
      'ports-speak-domain',
      '^shared/ports/',
      ['^shared/domain/'],
      'A port is written in the words of the domain. Move the type to shared/domain/, or let the adapter translate.',
    ),
    room(
      'catalog-stands-on-domain',
      '^shared/catalog/',
      ['^shared/domain/'],
      'The catalog is typed data, checked by rules of the domain. Put the rule into shared/domain/ and call it here.',
    ),
    room(
      'use-cases-need-ports-only',
      '^shared/use-cases/',
      ['^shared/(domain|ports|catalog)/', '^events/'],
      'A use case knows the world by its ports. Declare what you need in shared/ports/, implement it in shared/aws/, and ' +
        "hand it over in the function's dependencies.ts.",
    ),
    room(
      'events-need-zod-only',
      '^events/',
      [`${NPM}zod/`],
      'The public contract stands alone, so that others can copy it. Write the type as a schema here; the rooms import it.',
    ),
    room(
      'adapters-implement-ports',
      '^shared/aws/',
      ['^shared/(ports|domain)/', '^events/', SDK, '^(node:)?crypto$'],
      'An adapter translates between a port and AWS, and decides nothing. Move the decision to shared/domain/ or the flow ' +
        'to shared/use-cases/; hand settings over as arguments.',
    ),
    room(
      'runtime-is-thin',
      '^shared/runtime/',
      [`${NPM}@aws-lambda-powertools/`, `${NPM}@middy/`],
      'The runtime parses, logs and counts. What knows the business belongs into shared/use-cases/, what knows AWS into ' +
        'shared/aws/.',
    ),
    room(
      'functions-are-doors',
      '^functions/',
      ['^shared/(use-cases|runtime|aws|catalog)/', '^events/', `${NPM}zod/`, SDK],
      'A function parses, calls one use case and maps the answer. Move what else it does to shared/use-cases/.',
    ),
    {
      name: 'functions-do-not-know-each-other',
      severity: 'error',
      comment:
        'Each room of functions/ is deployed alone. Move what two of them share to shared/use-cases/ or events/.',
      from: { path: '^functions/([^/]+)/' },
      to: { path: '^functions/', pathNot: '^functions/$1/' },
    },
    {
      name: 'adapters-are-made-in-dependencies',
      severity: 'error',
      comment:
        "Only a function's dependencies.ts (and main.ts, for the platform) sees shared/aws/. Take the port as a member of " +
        '`Dependencies`, and make the adapter in dependencies.ts.',
      from: { path: '^functions/', pathNot: '^functions/[^/]+/(dependencies|main)\\.ts$' },
      to: { path: '^shared/aws/' },
    },
    {
      name: 'catalog-is-handed-over',
      severity: 'error',
      comment:
        'A handler gets the catalog as a dependency: make it in dependencies.ts, so that tests can give another one.',
      from: { path: '^functions/', pathNot: '^functions/[^/]+/dependencies\\.ts$' },
      to: { path: '^shared/catalog/' },
    },
    {
      name: 'sdk-stays-at-the-edge',
      severity: 'error',
      comment:
        "The AWS SDK is for shared/aws/; a function's dependencies.ts makes its clients, and does not send with them. Write an " +
        'adapter behind a port.',
      from: { path: PRODUCT, pathNot: ['^shared/aws/', '^functions/[^/]+/dependencies\\.ts$'] },
      to: { path: SDK },
    },
    {
      name: 'single-contracts-only',
      severity: 'error',
      comment:
        'events/catalog.ts pulls every schema into the bundle. Import the one contract that you need, ' +
        "e.g. '../../events/rollout/look-due.v1.ts'.",
      from: { path: '^(functions|shared|pipelines)/' },
      to: { path: '^events/catalog\\.ts$' },
    },
    room(
      'infrastructure-reads-the-catalog',
      '^infrastructure/',
      ['^shared/catalog/', '^pipelines/'],
      'What is generated for the template comes from the catalog and the pipelines. Add the value there.',
    ),
    room(
      'pipelines-stand-alone',
      '^pipelines/',
      [`${NPM}(csv-parse|onnxruntime-node)/`, '^(node:)?(crypto|fs|fs/promises|http|path|zlib)$'],
      "A pipeline's steps run in containers of their own, without the control plane. Pass what they need as parameters or " +
        'files.',
    ),
    {
      name: 'images-stand-alone',
      severity: 'error',
      comment: 'pipelines/images/ is all that a container image holds. Move what the image needs into it.',
      from: { path: '^pipelines/images/' },
      to: { path: '^pipelines/', pathNot: '^pipelines/images/' },
    },
    {
      name: 'local-knows-npm-only',
      severity: 'error',
      comment:
        'The laptop cloud emulates AWS, not Switchyard: it must not know the product. What joins the two belongs into ' +
        'local/launch/.',
      from: { path: '^local/', pathNot: '^local/launch/' },
      to: { path: `^(shared|functions|events|pipelines|infrastructure|tests|local/launch)/` },
    },
    {
      name: 'launch-uses-public-doors',
      severity: 'error',
      comment:
        'local/launch/ starts functions and pipelines, speaks through events and names of the catalog, and reads records by ' +
        'their keys. It may not call use cases, adapters or decisions: go in by a public door (an event, a request, the registry).',
      from: { path: '^local/launch/' },
      to: { path: '^(shared|infrastructure|tests)/', pathNot: '^shared/(catalog/|ports/|aws/(platform|keys)\\.ts$)' },
    },
    {
      name: 'product-knows-no-laptop',
      severity: 'error',
      comment:
        'Nothing that is deployed may import local/. Take what differs through `platform` (requestHandler, credentials, clock).',
      from: { path: PRODUCT },
      to: { path: '^local/' },
    },
    {
      name: 'tests-are-imported-by-tests',
      severity: 'error',
      comment:
        'Test builders stay in tests/. Move what the product needs to shared/, what the laptop cloud needs to local/.',
      from: { pathNot: '^tests/' },
      to: { path: '^tests/' },
    },
    {
      name: 'no-circles',
      severity: 'error',
      comment:
        'Two files that import each other are one file, or hide a third: move what both need to a file of its own.',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-circles-of-types',
      severity: 'error',
      comment:
        'Types that name each other across files of the product tie them together like code does: move the type that both ' +
        'need to a file of its own. (In local/, where a service and what it is made of describe each other, types may.)',
      from: { path: PRODUCT },
      to: { circular: true },
    },
    {
      name: 'no-barrels',
      severity: 'error',
      comment: 'An index.ts pulls a whole room into every bundle. Import the file that holds what you need.',
      from: {},
      to: { path: ['^(shared|events|functions)/.+/index\\.ts$', '^(shared|events|functions)/index\\.ts$'] },
    },
    {
      name: 'declared-packages-only',
      severity: 'error',
      comment:
        'Deployed code may use `dependencies` of package.json only. Add the package there, with an exact version.',
      from: { path: PRODUCT },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'npm-optional', 'npm-peer', 'npm-bundled'] },
    },
    {
      name: 'nothing-unresolved',
      severity: 'error',
      comment: 'The file or package is not there. Mend the path (our own files end in .ts), or run `npm ci`.',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['^tests/architecture/fixture/', '^pipelines/images/node_modules/'] },
    tsConfig: { fileName: 'tsconfig.json' },
    // Imports of types count as well: they are what ties rooms together.
    tsPreCompilationDeps: true,
    parser: 'tsc',
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs', '.json', '.d.ts'],
    },
  },
};
