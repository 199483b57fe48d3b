// Opens one page in a kept browser, prints the browser's process id, and then stays, until it is ended: with `close`, by
// itself. A process of its own, because what happens to the browser when its process dies is what tests want to see.
const { transformFileSync } = require('@swc/core');
require.extensions['.ts'] = (module, path) => module._compile(transformFileSync(path).code, path);
const { createBrowserPool } = require('../../src/documents/browser.ts');

const keeper = createBrowserPool();
keeper
  .withPage((page) => page.setContent('<p>here</p>'))
  .then(async () => {
    console.log(keeper.pid());
    if (process.argv[2] === 'close') await keeper.close();
  })
  .catch((error) => {
    console.error(error);
    process.exit(1);
  });
