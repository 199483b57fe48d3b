/** All that the proofs take from the product: how to find a running system, its database, its settings, and tables. */
export { readDevInfo, type DevInfo } from '../src/cli/dev-info';
export { answerHelp, helpText } from '../src/cli/help';
export { findSystem } from '../src/cli/system';
export { readSettings, SettingsError } from '../src/config';
export {
  createDatabase,
  sql,
  type Database,
  type Queryable,
  type Statement,
} from '../src/db/database';
export type { FaultPoint } from '../src/fault-points';
export { formatCell, isNumeric, renderConsoleTable, type Table } from '../src/cli/console-table';
