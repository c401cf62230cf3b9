/** Who may import whom. Types count too: an import that vanishes at run time still ties two parts together. */

/** Folders of `src`, each with what it may import from; files beside them (errors.ts) belong to all. */
const mayImport = {
  runbook: [],
  copy: [],
  sqlite: [],
  scaffold: [],
  journal: ['runbook'],
  plan: ['journal', 'runbook'],
  engine: ['plan', 'journal', 'runbook'],
  operations: ['runbook', 'copy', 'sqlite'],
  host: ['runbook', 'journal'],
  rehearsal: ['operations', 'host', 'engine', 'plan', 'journal', 'runbook', 'copy'],
  render: ['runbook'],
};

/** Single files that a folder may import, beyond its folders: contracts, which hold types and no effects. */
const mayAlsoImport = {
  host: ['engine/ports.ts'],
  render: ['journal/(event|state).ts', 'plan/(plan|types).ts', 'engine/ports.ts'],
};

const boundaries = Object.entries(mayImport).map(([folder, others]) => ({
  name: `${folder}-imports-only-what-it-builds-on`,
  severity: 'error',
  comment: `src/${folder} may import ${[...others, ...(mayAlsoImport[folder] ?? []), 'errors.ts'].join(', ')}`,
  from: { path: `^src/${folder}/` },
  to: {
    path: '^(src|runbooks|test|fixtures)/',
    pathNot: [
      `^src/(${[folder, ...others].join('|')})/`,
      '^src/errors\\.ts$',
      ...(mayAlsoImport[folder] ?? []).map((file) => `^src/${file.replaceAll('.', '\\.')}$`),
    ],
  },
}));

export default {
  forbidden: [
    ...boundaries,
    {
      name: 'rehearsal-is-reached-from-the-command-line-only',
      severity: 'error',
      from: { path: '^(src|runbooks)/', pathNot: '^src/(cli|rehearsal)/' },
      to: { path: '^src/rehearsal/' },
    },
    {
      name: 'runbooks-use-the-public-api',
      severity: 'error',
      from: { path: '^runbooks/' },
      to: { path: '^src/', pathNot: '^src/(index|operations/index)\\.ts$' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'nothing-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'product-without-development-packages',
      severity: 'error',
      from: { path: '^(src|runbooks)/' },
      to: { path: '^node_modules/', dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-room-without-a-name-of-its-own',
      severity: 'error',
      from: {},
      to: { path: '(^|/)(utils?|helpers?|common|misc)(/|\\.ts$)', pathNot: 'node_modules' },
    },
    {
      name: 'pure-parts-leave-the-machine-alone',
      severity: 'error',
      from: { path: '^src/(runbook|operations|plan|scaffold)/' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(path|util|crypto)' },
    },
  ],
  options: {
    // TypeScript 7 has no compiler API; swc parses the sources and sees type-only imports.
    parser: 'swc',
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
    combinedDependencies: true,
  },
};
