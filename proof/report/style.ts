/** The look of every report: one column, figures that line up, colours that stay apart for the colour-blind and in print. */
export const STYLE = `
:root{--page:#f9f9f7;--surface:#fcfcfb;--ink:#0b0b0b;--soft:#52514e;--faint:#898781;--rule:#e1e0d9;--base:#c3c2b7;
--good:#006300;--bad:#b3261e;--s0:#2a78d6;--s1:#eb6834;--s2:#1baf7a;--s3:#4a3aa7}
@media (prefers-color-scheme:dark){:root{--page:#0d0d0d;--surface:#1a1a19;--ink:#fff;--soft:#c3c2b7;--faint:#898781;
--rule:#2c2c2a;--base:#383835;--good:#0ca30c;--bad:#e66767;--s0:#3987e5;--s1:#d95926;--s2:#199e70;--s3:#9085e9}}
@media print{:root{--page:#fff;--surface:#fff;--ink:#000;--soft:#333;--faint:#555;--rule:#ddd;--base:#aaa;
--good:#006300;--bad:#b3261e;--s0:#2a78d6;--s1:#eb6834;--s2:#1baf7a;--s3:#4a3aa7}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}main{max-width:none;padding:0}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:60rem;margin:0 auto;padding:3rem 1.5rem}
h1{font-size:2rem;line-height:1.2;margin:0 0 1rem}
h2{font-size:1.05rem;margin:2.5rem 0 .6rem}
p{margin:.6rem 0;max-width:44rem}
header p{color:var(--soft)}
header .brand{margin:0;color:var(--faint);letter-spacing:.04em}
header .verdict{font-size:1.1rem;color:var(--ink)}
.verdict b{margin-right:.4rem}
.good b{color:var(--good)}.bad b{color:var(--bad)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th,td{text-align:left;padding:.45rem .9rem .45rem 0;border-bottom:1px solid var(--rule);vertical-align:top}
th{color:var(--soft);font-weight:600;border-bottom-color:var(--base)}
.figure{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;padding:.45rem 0 .45rem .7rem}
.note{color:var(--faint);font-size:.88rem}
section,figure,tr{break-inside:avoid}
figure{margin:2.2rem 0 0;padding:1.1rem 1.2rem .6rem;background:var(--surface);border:1px solid var(--rule);border-radius:6px}
figcaption{font-weight:600;margin-bottom:.4rem}
.legend{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;list-style:none;margin:0 0 .4rem;padding:0;font-size:.88rem;color:var(--soft)}
.legend i{display:inline-block;width:.75rem;height:.75rem;border-radius:2px;margin-right:.4rem}
i.s0{background:var(--s0)}i.s1{background:var(--s1)}i.s2{background:var(--s2)}i.s3{background:var(--s3)}
svg{display:block;width:100%;height:auto}
svg text{fill:var(--faint);font-size:12px;font-variant-numeric:tabular-nums}
svg .value{fill:var(--soft)}
.grid{stroke:var(--rule);stroke-width:1}.base{stroke:var(--base);stroke-width:1}
svg .s0{fill:var(--s0)}svg .s1{fill:var(--s1)}svg .s2{fill:var(--s2)}svg .s3{fill:var(--s3)}
svg .line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.line.s0{stroke:var(--s0)}.line.s1{stroke:var(--s1)}.line.s2{stroke:var(--s2)}.line.s3{stroke:var(--s3)}
footer{margin-top:3rem;padding-top:1rem;border-top:1px solid var(--rule);font-size:.88rem}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(14rem,1fr));gap:.5rem 1.5rem;margin:0}
dt{color:var(--faint)}dd{margin:0;overflow-wrap:anywhere}
`;
