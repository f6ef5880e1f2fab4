/** The one style sheet of the widgets. A page sets the four custom properties that begin with --partnerhub-. */

export const sheet = new CSSStyleSheet();
sheet.replaceSync(`
:host {
  --accent: var(--partnerhub-accent, light-dark(#1d5fd1, #7eb0ff));
  --surface: var(--partnerhub-surface, light-dark(#ffffff, #14171c));
  --text: var(--partnerhub-text, light-dark(#171a1f, #eceff3));
  --quiet: color-mix(in srgb, var(--text) 72%, var(--surface));
  --line: color-mix(in srgb, var(--text) 16%, var(--surface));
  background: var(--surface); border: 1px solid var(--line); border-radius: var(--partnerhub-radius, 8px);
  box-sizing: border-box; color: var(--text); container-type: inline-size; display: block;
  font: inherit; font-size: 14px; line-height: 1.4; min-width: 240px; padding: 16px;
}
:host([hidden]), [hidden] { display: none; }
p, ul, dl, dd, dt, figure { margin: 0; padding: 0; }
ul { list-style: none; }
button { background: none; border: 0; border-radius: 4px; color: var(--accent); cursor: pointer; font: inherit; padding: 0; text-align: start; }
button:hover { text-decoration: underline; }
button:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
.state, .small, .banner { color: var(--quiet); }
.banner { margin-bottom: 8px; }
.head { color: var(--quiet); font-size: 12px; margin-bottom: 8px; }
.small { font-size: 12px; }
.kpis { display: grid; gap: 16px 12px; grid-template-columns: repeat(auto-fit, minmax(92px, 1fr)); }
.kpis > div { display: flex; flex-direction: column; justify-content: flex-end; }
.kpis dt { color: var(--quiet); font-size: 12px; }
.kpis dd { font-size: 26px; font-variant-numeric: tabular-nums; }
li { border-top: 1px solid var(--line); padding: 8px 0; overflow-wrap: anywhere; }
li:first-child { border-top: 0; }
.chips { display: flex; flex-wrap: wrap; gap: 4px 12px; font-size: 12px; }
.chip { align-items: center; display: inline-flex; gap: 4px; }
.chip svg { fill: none; flex: none; height: 14px; stroke: currentColor; stroke-linecap: round; stroke-linejoin: round; stroke-width: 1.6; width: 14px; }
.SUSPENDED { color: light-dark(#b3261e, #ff8f85); } .LICENSE_OVERAGE { color: light-dark(#a84300, #ffa568); }
.EXPIRING_SOON { color: light-dark(#7a5b00, #f2c744); } .EXPIRED { color: light-dark(#565e6b, #aeb6c2); }
.READY_FOR_ORDER_SETUP { color: light-dark(#1d5fd1, #7eb0ff); } .NO_RECENT_ACTIVITY { color: light-dark(#6b3fb5, #c1a1ff); }
.TRIAL { color: light-dark(#00695f, #4fd1c2); } .SUBSCRIPTION { color: light-dark(#1d6b2f, #74d68b); }
.legend { display: flex; flex-wrap: wrap; font-size: 12px; gap: 4px 16px; margin-bottom: 8px; }
.legend span::before { background: var(--series); border-radius: 2px; content: ""; display: inline-block; height: 10px; margin-inline-end: 6px; width: 10px; }
.used { --series: var(--accent); fill: var(--accent); }
.unused { --series: color-mix(in srgb, var(--accent) 50%, var(--surface)); fill: color-mix(in srgb, var(--accent) 50%, var(--surface)); }
.available { --series: var(--line); fill: var(--line); }
.chart { display: block; height: 140px; width: 100%; }
.area { border-top: 1px dashed var(--line); position: relative; }
.mark { border-inline-start: 1px solid var(--text); inset-block: 0; pointer-events: none; position: absolute; }
.weeks { cursor: crosshair; height: 100%; inset: 0; margin: 0; opacity: 0; position: absolute; width: 100%; }
.area:has(.weeks:focus-visible) { outline: 2px solid var(--accent); outline-offset: 2px; }
b { font-variant-numeric: tabular-nums; font-weight: 600; }
.head + .small { margin-bottom: 4px; }
.axis { display: flex; justify-content: space-between; }
table { border-collapse: collapse; clip-path: inset(50%); height: 1px; overflow: hidden; position: absolute; white-space: nowrap; width: 1px; }
`);
