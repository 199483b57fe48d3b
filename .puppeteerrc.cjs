// The browser comes from the system or from @sparticuz/chromium (src/documents/chromium.ts); an install must not depend on a download.
module.exports = { skipDownload: true };
