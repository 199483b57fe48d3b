import { HoldfastMap } from './element';

// A page may load the script twice.
if (!customElements.get('holdfast-map')) customElements.define('holdfast-map', HoldfastMap);
