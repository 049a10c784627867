/** Light, dark and print, by the reader's own setting. */
export const style = `
:root { color-scheme: light dark; --ink: #1a1a1a; --paper: #fff; --line: #ddd; --soft: #f5f5f5; --quiet: #5f5f5f;
  --good: #17692f; --bad: #b3261e; --open: #8a5a00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8e8; --paper: #161616; --line: #383838; --soft: #222; --quiet: #a5a5a5;
  --good: #6fcf8b; --bad: #ff8a80; --open: #f0b95a; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem; color: var(--ink); background: var(--paper); }
h1 { font-size: 1.4rem; } h2 { font-size: 1.15rem; margin-top: 2rem; } h3 { font-size: .95rem; margin: .8rem 0 .2rem; }
details { border-bottom: 1px solid var(--line); padding: .4rem 0; } summary { cursor: pointer; } [hidden] { display: none; }
.outcome { display: inline-block; width: 9.5rem; font-weight: 600; } .PASS { color: var(--good); } .FAIL, .bad { color: var(--bad); }
.NOT_EVALUATED, .MANUAL, .waived { color: var(--open); } .NOT_APPLICABLE, .quiet { color: var(--quiet); }
form { position: sticky; top: 0; background: var(--paper); padding: .6rem 0; border-bottom: 1px solid var(--line); display: flex; flex-wrap: wrap; gap: .6rem 1rem; }
form select { max-width: 16rem; } pre, code { font: 13px/1.45 ui-monospace, monospace; } code { overflow-wrap: anywhere; }
pre { background: var(--soft); padding: .6rem; overflow-x: auto; } .body { padding: 0 0 .6rem 1rem; } ul { padding-left: 1.2rem; margin: .2rem 0; }
@media print { form { display: none; } body { max-width: none; margin: 0; } details { break-inside: avoid; } pre { white-space: pre-wrap; }
  :root { color-scheme: light; --ink: #000; --paper: #fff; --soft: #f5f5f5; --line: #bbb; --good: #17692f; --bad: #b3261e; --open: #8a5a00; } }`;
