export type Cell = string | number;

export interface Table {
  title?: string;
  columns: readonly string[];
  rows: readonly (readonly Cell[])[];
  note?: string;
}

/** Formats a cell for people: thousands separated, with as many decimals as are meaningful. */
export function formatCell(cell: Cell): string {
  if (typeof cell === 'string') return cell;
  const decimals =
    Number.isInteger(cell) || Math.abs(cell) >= 1000 ? 0 : Math.abs(cell) >= 100 ? 1 : 2;
  return cell.toLocaleString('en-GB', {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
}

/** Whether a column holds numbers, which are right-aligned. */
export function isNumeric(table: Table, column: number): boolean {
  const filled = table.rows.map((row) => row[column] ?? '').filter((cell) => cell !== '');
  return (
    filled.length > 0 &&
    filled.every((cell) => typeof cell === 'number' || /^-?[\d,.]+( ?(%|ms|s))?$/.test(cell))
  );
}

/** A table as text for the console. */
export function renderConsoleTable(table: Table): string {
  const cells = table.rows.map((row) =>
    table.columns.map((_, column) => formatCell(row[column] ?? '')),
  );
  const widths = table.columns.map((label, column) =>
    Math.max(label.length, ...cells.map((row) => row[column]!.length)),
  );
  const line = (texts: readonly string[]) =>
    texts
      .map((text, column) =>
        isNumeric(table, column) ? text.padStart(widths[column]!) : text.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  return [
    ...(table.title ? [table.title] : []),
    line(table.columns),
    rule,
    ...cells.map(line),
  ].join('\n');
}
