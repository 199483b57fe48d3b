import { findChromium } from '../../../../dev/chromium';
import { startProgram } from '../../program';

export interface PrintRequest {
  side: 'ours' | 'baseline';
  count: number;
}

export interface PrintResult {
  wallMs: number;
  bytes: number;
}

/** Prints tickets in a process of its own: as the documents worker does, or as the baseline `pdf`. */
export interface Printer {
  pid: number;
  print(request: PrintRequest): Promise<PrintResult>;
  close(): Promise<void>;
}

export async function startPrinter(logFile: string): Promise<Printer> {
  // As the stack does for its workers.
  const chromium = await findChromium(process.env);
  const program = await startProgram({
    path: ['proof', 'bench', 'baselines', 'pdf', 'main.js'],
    env: { ...process.env, ...(chromium !== undefined && { PUPPETEER_EXECUTABLE_PATH: chromium }) },
    logFile,
  });
  const { child } = program;
  return {
    pid: program.pid,
    print: (request) =>
      new Promise((resolve, reject) => {
        const onExit = (): void => reject(new Error(`the printer ended; see ${logFile}`));
        child.once('exit', onExit);
        child.once('message', (message: { result?: PrintResult; error?: string }) => {
          child.off('exit', onExit);
          if (message.result) resolve(message.result);
          else reject(new Error(`the printing failed: ${message.error}`));
        });
        child.send(request);
      }),
    close: () => program.stop(),
  };
}
