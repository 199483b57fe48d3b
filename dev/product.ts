/** All that the embedded stack takes from the product's inside; everything else goes by its programs and settings. */
export { readDevInfo, removeDevInfo, devInfoFile, type DevInfo } from '../src/cli/dev-info';
export { answerHelp } from '../src/cli/help';
export { readSettings, SettingsError, withSecretsFromFiles } from '../src/config';
export { createDatabase, isUnavailable, sql, type Queryable } from '../src/db/database';
export { CHROMIUM_NAMES } from '../src/documents/chromium';
export { lowerPriority } from '../src/process-priority';
export { WORKER_ALLOCATOR } from '../src/worker/memory';
