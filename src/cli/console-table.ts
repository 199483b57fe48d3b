export type Cell = string | number;

export interface Table {
  title?: string;
  columns: readonly string[];
  rows: readonly (readonly Cell[])[];
  note?: string;
}

/** A cell as people read it: thousands apart, as many decimals as say something. */
export function formatCell(cell: Cell): string {
  if (typeof cell === 'string') return cell;
  const decimals =
    Number.isInteger(cell) || Math.abs(cell) >= 1000 ? 0 : Math.abs(cell) >= 100 ? 1 : 2;
  return cell.toLocaleString('en-GB', {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
}

/** Whether a column holds figures, which line up on the right. */
export function isNumeric(table: Table, column: number): boolean {
  const filled = table.rows.map((row) => row[column] ?? '').filter((cell) => cell !== '');
  return (
    filled.length > 0 &&
    filled.every((cell) => typeof cell === 'number' || /^-?[\d,.]+( ?(%|ms|s))?$/.test(cell))
  );
}

/** A table for the console, ready to print. */
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
