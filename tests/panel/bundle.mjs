// Bundles the components as they are, with the vendor's open-source runtime and base components, for
// a page that needs no org:  node bundle.mjs <folder of the app> <folder for the result>
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [app, target] = process.argv.slice(2).map((folder) => path.resolve(folder));
const from = createRequire(path.join(app, 'package.json'));
const load = async (name) => import(pathToFileURL(from.resolve(name)));

const LWC = path.join(app, 'force-app', 'main', 'default', 'lwc');
const BASE = path.join(app, 'node_modules', 'lightning-base-components');
const SLDS = path.join(app, 'node_modules', '@salesforce-ux', 'design-system', 'assets', 'styles');
const READER_PARTS = ['currency', 'lang', 'locale', 'timeZone'];
const ICON_SETS = /^lightning\/iconSvgTemplates/;

const modules = fs.readdirSync(LWC).map((name) => {
  const file = [`${name}.js`, `${name}.css`].find((one) => fs.existsSync(path.join(LWC, name, one)));
  return { name: `c/${name}`, path: path.join(LWC, name, file) };
});

/** The utility icons that our sources name: the whole set takes longer to build than all the rest. */
function iconsInUse() {
  const texts = fs
    .readdirSync(LWC, { recursive: true })
    .filter((name) => /\.(js|html)$/.test(name) && !name.includes('__tests__'))
    .map((name) => fs.readFileSync(path.join(LWC, name), 'utf8'));
  const named = [...texts.join('\n').matchAll(/utility:(\w+)/g)].map(([, icon]) => icon);
  return [...new Set(named)].sort();
}

function iconModule(name) {
  if (name !== 'lightning/iconSvgTemplatesUtility') {
    return 'export default {};';
  }
  const folder = path.join(BASE, 'src', 'lightning', 'iconSvgTemplatesUtility', 'buildTemplates');
  const icons = iconsInUse();
  const imports = icons.map((icon) => {
    const file = path.join(folder, 'utility', `${icon}.html`);
    return `import utility_${icon} from ${JSON.stringify(file)};`;
  });
  return [...imports, `export default { ${icons.map((i) => `utility_${i}`).join(', ')} };`].join('\n');
}

/** What an org answers: schema, the reader's settings, records. */
const org = {
  name: 'org',
  resolveId(id) {
    const ours =
      id.startsWith('@salesforce/schema/') ||
      READER_PARTS.some((part) => id === `@salesforce/i18n/${part}`) ||
      id === 'lightning/uiRecordApi' ||
      ICON_SETS.test(id);
    return ours ? `\0org:${id}` : null;
  },
  load(id) {
    if (!id.startsWith('\0org:')) {
      return null;
    }
    const name = id.slice('\0org:'.length);
    if (name.startsWith('@salesforce/schema/')) {
      const [objectApiName, ...field] = name.slice('@salesforce/schema/'.length).split('.');
      return `export default ${JSON.stringify({ objectApiName, fieldApiName: field.join('.') })};`;
    }
    if (name.startsWith('@salesforce/i18n/')) {
      return `export default globalThis.reader.${name.slice('@salesforce/i18n/'.length)};`;
    }
    return ICON_SETS.test(name)
      ? iconModule(name)
      : fs.readFileSync(new URL('record_wire.mjs', import.meta.url), 'utf8');
  }
};

/** Constants that the vendor's build sets. */
const constants = {
  name: 'constants',
  transform(code) {
    if (!code.includes('process.env.NODE_ENV') && !code.includes('import.meta.env.SSR')) {
      return null;
    }
    const set = code
      .replaceAll('process.env.NODE_ENV', '"production"')
      .replaceAll('import.meta.env.SSR', 'false');
    return { code: set, map: null };
  }
};

const ENTRY = `
import '@lwc/synthetic-shadow';
import { createElement } from 'lwc';
import Badge from 'c/creditRiskBadge';
import Panel from 'c/creditRiskPanel';
globalThis.place = () => {
  const { component, properties } = globalThis.scene;
  const [tag, is] = component === 'badge' ? ['c-credit-risk-badge', Badge] : ['c-credit-risk-panel', Panel];
  const main = document.querySelector('main');
  main.replaceChildren(Object.assign(createElement(tag, { is }), properties));
};
`;
const entry = {
  name: 'entry',
  resolveId: (id) => (id === 'entry' ? path.join(app, 'entry.js') : null),
  load: (id) => (id === path.join(app, 'entry.js') ? ENTRY : null)
};

const PAGE = `<!doctype html>
<html>
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Panel</title>
    <link rel="stylesheet" href="slds.css" />
    <style>
      html, body { background: #f3f3f3; }
      body { margin: 0; padding: 12px; }
      main { max-width: 62rem; margin: 0 auto; }
    </style>
  </head>
  <body class="slds-scope">
    <main></main>
    <script src="panel.js"></script>
  </body>
</html>
`;

const { rollup } = await load('rollup');
const { default: lwc } = await load('@lwc/rollup-plugin');
const { nodeResolve } = await load('@rollup/plugin-node-resolve');

const build = await rollup({
  input: 'entry',
  plugins: [
    entry,
    org,
    constants,
    lwc({
      rootDir: app,
      modules: [...modules, { npm: 'lightning-base-components' }],
      enableDynamicComponents: true
    }),
    nodeResolve({ rootDir: app })
  ],
  onwarn(warning) {
    // The base components warn about themselves; what concerns our files must be heard.
    if (String(warning.loc?.file ?? warning.id ?? warning.message).includes(LWC)) {
      process.stderr.write(`${warning.message}\n`);
    }
  }
});
fs.mkdirSync(target, { recursive: true });
await build.write({ file: path.join(target, 'panel.js'), format: 'iife', inlineDynamicImports: true });
await build.close();
fs.copyFileSync(
  path.join(SLDS, 'salesforce-lightning-design-system.min.css'),
  path.join(target, 'slds.css')
);
fs.writeFileSync(path.join(target, 'panel.html'), PAGE);
