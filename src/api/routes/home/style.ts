/** The look of the start page: the colours of the tickets, by day and by night; one column on a phone. */
export const HOME_STYLE = `
:root{--page:#faf7f4;--card:#fff;--ink:#1b1512;--soft:#6a5f57;--line:#e4dbd3;--accent:#8a1c2e;--seat:#b9ab9f;--free:#2f7d4f}
@media (prefers-color-scheme:dark){:root{--page:#14110f;--card:#1e1a17;--ink:#f4eee9;--soft:#b3a79d;--line:#352e29;--accent:#f0919f;--seat:#6a5f57;--free:#5fb884}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI","Noto Sans",sans-serif}
main{max-width:62rem;margin:0 auto;padding:3rem 1.5rem 4rem}
header p{max-width:42rem;color:var(--soft);margin:.6rem 0 0}
header .brand{display:flex;align-items:center;gap:.6rem;margin:0 0 1.6rem;color:var(--ink);font-weight:600;letter-spacing:.02em}
.seat{fill:var(--seat)}.taken{fill:var(--accent)}
h1{font-size:clamp(1.9rem,6vw,2.8rem);line-height:1.1;letter-spacing:-.02em;margin:0}
h2{font-size:.8rem;font-weight:600;letter-spacing:.08em;text-transform:uppercase;color:var(--soft);margin:2.6rem 0 .8rem}
h3{font-size:1.2rem;line-height:1.25;margin:.15rem 0 0;overflow-wrap:anywhere}
a{color:var(--accent);text-underline-offset:.2em}
a:focus-visible{outline:2px solid var(--accent);outline-offset:3px;border-radius:3px}
ul{list-style:none;margin:0;padding:0}
code{font:.86em/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,"Noto Sans Mono",monospace;overflow-wrap:anywhere}
.events{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(18rem,100%),1fr));gap:1rem}
.event{display:flex;flex-direction:column;padding:1.1rem 1.2rem;background:var(--card);border:1px solid var(--line);border-radius:10px}
.event p{margin:0}
.when{color:var(--accent);font-size:.86rem;font-weight:600}
.where{color:var(--soft);min-height:1.55em;overflow-wrap:anywhere}
.event .where{margin-bottom:.9rem}
.bar{display:block;margin:auto 0 .5rem}
.bar .all{fill:var(--line)}.bar .free{fill:var(--free)}
.shut .free{fill:var(--seat)}
.seats{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 1rem;font-variant-numeric:tabular-nums}
.event .raw{margin-top:.7rem;padding-top:.6rem;border-top:1px solid var(--line);font-size:.86rem;display:flex;flex-wrap:wrap;gap:.1rem .6rem;align-items:baseline;color:var(--soft)}
.raw code{margin-left:auto}
.links{border-top:1px solid var(--line)}
.links li{display:grid;grid-template-columns:12rem 1fr;gap:.1rem 1rem;padding:.65rem 0;border-bottom:1px solid var(--line)}
.links a{font-weight:600}
.links span,.hint,.none{color:var(--soft)}
@media (max-width:34rem){main{padding:1.8rem 1.1rem 3rem}.links li{grid-template-columns:1fr}}
`;
