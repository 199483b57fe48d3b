import { execFile } from 'node:child_process';

/** Runs a program of ours to its end. @returns its exit code and what it printed */
export function runProgram(
  file: string,
  env: NodeJS.ProcessEnv,
): Promise<{ code: number; said: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [file],
      { env: { PATH: process.env.PATH, ...env }, timeout: 240_000 },
      (error, out, err) => resolve({ code: error ? Number(error.code ?? -1) : 0, said: out + err }),
    );
  });
}
