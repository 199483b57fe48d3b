/** The variables that a process needs to run at all; the settings of the user have no effect on a proof. */
export const baseEnv = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    ['PATH', 'HOME', 'TMPDIR', 'XDG_CACHE_HOME', 'PUPPETEER_EXECUTABLE_PATH'].flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
