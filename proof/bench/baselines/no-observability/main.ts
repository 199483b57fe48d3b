import { Counter, Gauge, Histogram } from 'prom-client';

/**
 * The baseline `no-observability`: loaded before an API (`--require`), it makes the metrics do nothing. There is no
 * setting for that, because nobody should run without metrics.
 */
const nothing = (): void => undefined;
Counter.prototype.inc = nothing;
Gauge.prototype.inc = nothing;
Gauge.prototype.dec = nothing;
Gauge.prototype.set = nothing;
Histogram.prototype.observe = nothing;
