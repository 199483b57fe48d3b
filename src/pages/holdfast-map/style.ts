/** The look of the component. A page changes it by these custom properties on the element. */
export const STYLE = `
:host{--ground:var(--holdfast-ground,#fff);--ink:var(--holdfast-ink,#1b1512);--soft:var(--holdfast-soft,#5f554e);--line:var(--holdfast-line,#8c8078);--taken:var(--holdfast-taken,#a39890);
display:block;padding:.75rem;border-radius:12px;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI","Noto Sans",sans-serif}
@media (prefers-color-scheme:dark){:host{--ground:var(--holdfast-ground,#191614);--ink:var(--holdfast-ink,#f4eee9);--soft:var(--holdfast-soft,#b3a79d);--line:var(--holdfast-line,#776c64);--taken:var(--holdfast-taken,#6d635c)}}
:host([hidden]){display:none}
*{box-sizing:border-box}
.top{display:flex;flex-wrap:wrap;gap:.4rem 1rem;align-items:center;justify-content:space-between;margin-bottom:.5rem}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1rem;list-style:none;margin:0;padding:0;font-size:.875rem}
.legend li{display:flex;align-items:center;gap:.4rem}
.legend svg{width:1rem;height:1rem;flex:none}
.legend .types{color:var(--soft)}
.tools{display:flex;gap:.3rem;margin-left:auto}
button{font:inherit;color:inherit;cursor:pointer}
.tools button{width:2.75rem;height:2.75rem;border:1px solid var(--line);border-radius:8px;background:var(--ground);font-size:1.25rem;line-height:1}
.tools svg{display:block;width:1.1rem;height:1.1rem;margin:auto;fill:none;stroke:currentColor;stroke-width:2}
.map{position:relative;height:clamp(18rem,60vh,36rem);border:1px solid var(--line);border-radius:10px;overflow:hidden;background:var(--ground)}
canvas{display:block;width:100%;height:100%;cursor:grab;touch-action:pan-y;outline:none}
canvas.zoomed{touch-action:none}
canvas.over{cursor:pointer}
canvas.moving{cursor:grabbing}
.map:has(canvas:focus-visible){outline:3px solid var(--ink);outline-offset:2px}
.tip{position:absolute;left:0;top:0;max-width:16rem;padding:.35rem .6rem;border-radius:6px;background:var(--ink);color:var(--ground);font-size:.875rem;pointer-events:none}
.tip[hidden]{display:none}
.notes{min-height:1.5rem;margin:.4rem 0 0;font-size:.9rem}
.notes p{margin:0}
.orphan{font-weight:600}
.title{font-weight:600;margin:.8rem 0 .3rem}
ul.sections,.sections ul{list-style:none;margin:0;padding:0}
ul.sections{max-height:22rem;overflow:auto;border:1px solid var(--line);border-radius:10px}
.sections ul{padding-left:1rem}
.sections li+li{border-top:1px solid color-mix(in srgb,var(--line) 40%,transparent)}
.opener{display:flex;gap:.75rem;align-items:baseline;width:100%;min-height:2.75rem;padding:.5rem .8rem;border:0;background:none;text-align:start}
.opener::before{content:"";flex:none;width:.5rem;height:.5rem;border:solid var(--soft);border-width:0 2px 2px 0;transform:rotate(-45deg);align-self:center}
.opener[aria-expanded=true]::before{transform:rotate(45deg)}
.opener .details{color:var(--soft);font-size:.875rem}
.opener .count{margin-left:auto;white-space:nowrap;font-variant-numeric:tabular-nums}
.seats{display:flex;flex-wrap:wrap;gap:.3rem;padding:.2rem .8rem .8rem 2rem}
.seats p{width:100%;margin:.3rem 0 0;color:var(--soft)}
.seat{min-width:2.75rem;min-height:2.75rem;padding:.2rem .4rem;border:1px solid var(--line);border-radius:8px;background:var(--ground)}
.seat[data-state=taken]{color:var(--soft);text-decoration:line-through;border-style:dashed;cursor:not-allowed}
.seat[data-state=chosen]{background:var(--ink);color:var(--ground)}
.seat[data-state=chosen]{box-shadow:inset 0 0 0 2px var(--ground);font-weight:700}
:focus-visible{outline:3px solid var(--ink);outline-offset:2px}
canvas:focus-visible{outline:none}
`;
