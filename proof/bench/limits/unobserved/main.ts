import { Counter, Gauge, Histogram } from 'prom-client';

/**
 * Loaded ahead of an API (`--require`), it makes the recording of figures cost nothing; there is no setting for that,
 * because nobody should run without them. What observation costs is measured against it.
 */
const nothing = (): void => undefined;
Counter.prototype.inc = nothing;
Gauge.prototype.inc = nothing;
Gauge.prototype.dec = nothing;
Gauge.prototype.set = nothing;
Histogram.prototype.observe = nothing;
