/**
 * All imports of the embedded stack from the product's sources. For everything else it uses the
 * product's programs and settings.
 */
export { readDevInfo, removeDevInfo, devInfoFile, type DevInfo } from '../src/cli/dev-info';
export { answerHelp } from '../src/cli/help';
export { readSettings, SettingsError, withSecretsFromFiles } from '../src/config';
export { SEARCH_ATTRIBUTE_TYPES } from '../src/contracts/reservation';
export { createDatabase, isUnavailable, sql, type Queryable } from '../src/db/database';
export { CHROMIUM_NAMES } from '../src/documents/chromium-names';
export { lowerPriority } from '../src/process-priority';
export { WORKER_ALLOCATOR } from '../src/worker/memory';
