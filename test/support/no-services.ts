// For the unit tests, which run without a global set-up: what would start or use a service says where such a test belongs.
function refuse(): never {
  throw new Error(
    'A unit test has no services: a test that needs them belongs to the system project of jest.config.js',
  );
}

jest.mock('./services', () => ({ testServices: refuse }));
jest.mock('../../dev/services', () => ({ startServices: refuse }));
