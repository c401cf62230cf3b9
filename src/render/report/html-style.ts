/** The style sheet of a report: nothing from elsewhere, one column, no line wider than the window. */
export const style = `
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--paper:#ffffff;--panel:#f4f6f8;--line:#d5dae0;--good:#1a6b34;--warn:#8a5300;--bad:#b3261e;--work:#2866c4;--wait:#98a2ad;--undo:#a35c00}
@media (prefers-color-scheme:dark){:root{--ink:#e8ebef;--soft:#a9b3be;--paper:#14171b;--panel:#1f2429;--line:#3a424b;--good:#6fce8b;--warn:#f0b35b;--bad:#ff8d84;--work:#6aa5ff;--wait:#6c7784;--undo:#e09a45}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0 auto;padding:1rem;max-width:56rem;font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;color:var(--ink);background:var(--paper);overflow-wrap:anywhere}
h1{font-size:1.6rem;line-height:1.25;margin:.2rem 0 .6rem}
h2{font-size:1.2rem;margin:2rem 0 .6rem;padding-bottom:.2rem;border-bottom:1px solid var(--line)}
h3{font-size:1rem;margin:1.2rem 0 .3rem}
p{margin:.4rem 0}
.result{font-size:1.1rem;font-weight:600;margin:.6rem 0 1rem;padding:.6rem .8rem;background:var(--panel);border-left:.3rem solid var(--soft)}
.result.good{border-color:var(--good)}.result.warn{border-color:var(--warn)}.result.bad{border-color:var(--bad)}
dl{display:grid;grid-template-columns:minmax(6rem,auto) 1fr;gap:.2rem 1rem;margin:.6rem 0}
dt{color:var(--soft)}dd{margin:0}
table{width:100%;border-collapse:collapse;font-size:.94rem}
th,td{text-align:left;vertical-align:top;padding:.45rem .6rem .45rem 0;border-bottom:1px solid var(--line)}
thead th{color:var(--soft);font-weight:600;font-size:.85rem;overflow-wrap:normal}
tbody th{font-weight:600}
th.verdict,td.verdict{width:6.2rem}
th.outcome{width:7.5rem}th.time{width:11rem}th.step{width:8rem}
.verdict{font-weight:700;white-space:nowrap;overflow-wrap:normal}
.PASS,.good-word{color:var(--good)}.PARTIAL,.BLOCKED,.warn-word{color:var(--warn)}.FAIL,.bad-word{color:var(--bad)}
.mark{display:block;font-size:.75rem;font-weight:600;color:var(--soft);white-space:normal}
.soft{color:var(--soft);font-weight:400;font-size:.9rem}
td p,li p{margin:.15rem 0}
ul,ol{padding-left:1.3rem;margin:.4rem 0}
li{margin:.3rem 0}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,"DejaVu Sans Mono",monospace;font-size:.85rem}
pre{white-space:pre-wrap;background:var(--panel);padding:.6rem;margin:.4rem 0;border-radius:.3rem}
.hash{font-size:.78rem}
.bars{list-style:none;padding:0;margin:.4rem 0}
.bars li{margin:.45rem 0}
.bar-words{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 1rem;font-size:.88rem;line-height:1.35}
.bar-words span{color:var(--soft)}
svg{display:block;max-width:100%}
.lane{fill:var(--panel)}rect.work{fill:var(--work)}rect.wait{fill:var(--wait)}rect.undo{fill:var(--undo)}rect.failed{fill:var(--bad)}
.pace{background:var(--panel);border-bottom:1px solid var(--line)}
.mean{stroke:var(--ink);stroke-width:1.5;stroke-dasharray:5 4}
.axis{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 1rem;color:var(--soft);font-size:.82rem}
.legend{color:var(--soft);font-size:.85rem}
.legend span.pair{white-space:nowrap}
.key{display:inline-block;width:.9em;height:.7em;margin:0 .35em 0 0;border-radius:2px;border:1px solid var(--line)}
.pair{margin-right:.8em}.key.work{background:var(--work)}.key.wait{background:var(--wait)}.key.undo{background:var(--undo)}.key.failed{background:var(--bad)}
figure{margin:1rem 0}
figcaption{font-size:.92rem;margin-bottom:.3rem}
details{border-bottom:1px solid var(--line);padding:.4rem 0}
summary{cursor:pointer}
footer{margin-top:2.5rem;color:var(--soft);font-size:.85rem}
@media (max-width:36rem){body{padding:.8rem}dl{grid-template-columns:1fr;gap:0}dt{margin-top:.4rem;font-size:.85rem}h1{font-size:1.35rem}th.outcome{width:5rem}th.time{width:5rem}th.step{width:5.5rem}}
@media print{:root{color-scheme:light;--ink:#000;--soft:#444;--paper:#fff;--panel:#eee;--line:#bbb;--good:#1a6b34;--warn:#7a4a00;--bad:#b3261e;--work:#2866c4;--wait:#98a2ad;--undo:#a35c00}
@page{margin:16mm}
body{max-width:none;padding:0;font-size:10.5pt}
h2,h3,figcaption,summary{break-after:avoid}
tr,.bars li,figure,.result{break-inside:avoid}
thead{display:table-header-group}
rect,.key,.result,pre,.pace{-webkit-print-color-adjust:exact;print-color-adjust:exact}
details::details-content{content-visibility:visible;display:block;block-size:auto}}
`;
