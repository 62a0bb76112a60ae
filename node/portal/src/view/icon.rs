use maud::{Markup, PreEscaped, html};

/// One of the icons of [`SPRITE`], by the name behind `i-`. Says nothing to screen readers: the word always stands beside it.
pub fn icon(name: &str) -> Markup {
    html! { svg.icon aria-hidden="true" { use href=(format!("#i-{name}")) {} } }
}

/// All icons, once a page: shapes that tell states apart without colour, and the marks of lanes.
pub fn sprite() -> Markup {
    PreEscaped(SPRITE.to_owned())
}

const SPRITE: &str = r##"<svg width="0" height="0" class="away" aria-hidden="true"><defs>
<pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hatch-line" d="M.5 0v7"/></pattern>
<symbol id="i-data" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7"/><path d="M4.6 8.3 7 10.7l4.5-5" class="cut"/></symbol>
<symbol id="i-nothing" viewBox="0 0 16 16"><circle cx="8" cy="8" r="5.8" class="open"/><path d="M5.4 8h5.2" class="open"/></symbol>
<symbol id="i-pending" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6.1" class="open"/><path d="M8 8V3.2A4.8 4.8 0 0 1 12.8 8z"/></symbol>
<symbol id="i-busy" viewBox="0 0 16 16"><path d="M2 3.2h12v2.2H2zM2 6.9h9v2.2H2zM2 10.6h6v2.2H2z"/></symbol>
<symbol id="i-offline" viewBox="0 0 16 16"><path d="M3 3l10 10M13 3 3 13" class="open bold"/></symbol>
<symbol id="i-late" viewBox="0 0 16 16"><path d="M8 2.2 14.4 13.6H1.6z" class="open"/><path d="M8 6.4v3.4l2 1.2" class="open"/></symbol>
<symbol id="i-outside" viewBox="0 0 16 16"><path d="M2.2 2.2h11.6v11.6H2.2z" class="open"/><path d="M4.8 11.2l6.4-6.4" class="open"/></symbol>
<symbol id="i-noconsent" viewBox="0 0 16 16"><path d="M3.5 1.8h9v12.4h-9z" class="open"/><path d="M5.8 6l4.4 4.4m0-4.4-4.4 4.4" class="open"/></symbol>
<symbol id="i-damaged" viewBox="0 0 16 16"><path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z"/><path d="M8 4v5M8 10.6v1.8" class="cut"/></symbol>
<symbol id="i-people" viewBox="0 0 16 16"><circle cx="5" cy="5" r="2.6" class="open"/><circle cx="11" cy="5" r="2.6" class="open"/><path d="M1.2 14c0-3.2 1.6-5 3.8-5s3.8 1.8 3.8 5m1-4.6c3-.6 5 1.4 5 4.6" class="open"/></symbol>
<symbol id="i-asking" viewBox="0 0 16 16"><circle cx="3" cy="8" r="1.7"/><circle cx="8" cy="8" r="1.7"/><circle cx="13" cy="8" r="1.7"/></symbol>
<symbol id="i-notasked" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6" class="open dash"/></symbol>
<symbol id="i-green" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6"/></symbol>
<symbol id="i-amber" viewBox="0 0 16 16"><path d="M8 1.8 14.8 14H1.2z"/></symbol>
<symbol id="i-red" viewBox="0 0 16 16"><path d="M2.5 2.5h11v11h-11z"/></symbol>
<symbol id="i-alert" viewBox="0 0 16 16"><path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z"/><path d="M8 4v5M8 10.6v1.8" class="cut"/></symbol>
<symbol id="i-info" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7"/><path d="M8 7.2v4.6M8 3.8v1.8" class="cut"/></symbol>
<symbol id="i-eye" viewBox="0 0 16 16"><path d="M1.2 8C3 4.9 5.3 3.4 8 3.4S13 4.9 14.8 8C13 11.1 10.7 12.6 8 12.6S3 11.1 1.2 8z" class="open thin"/><circle cx="8" cy="8" r="2.2"/></symbol>
<symbol id="i-search" viewBox="0 0 16 16"><circle cx="6.8" cy="6.8" r="4.6" class="open"/><path d="m10.2 10.2 4 4" class="open"/></symbol>
<symbol id="i-lock" viewBox="0 0 16 16"><path d="M3 7.2h10v7H3z"/><path d="M5 7V5a3 3 0 0 1 6 0v2" class="open"/></symbol>
<symbol id="i-prev" viewBox="0 0 16 16"><path d="M10.5 2.5 5 8l5.5 5.5" class="open"/></symbol>
<symbol id="i-next" viewBox="0 0 16 16"><path d="M5.5 2.5 11 8l-5.5 5.5" class="open"/></symbol>
<symbol id="m-visit" overflow="visible"><path class="hit" d="M-11-11h22v22h-22z"/><circle r="5"/></symbol>
<symbol id="m-drug" overflow="visible"><path class="hit" d="M-11-11h22v22h-22z"/><path d="M-6-3.5H6v7H-6z" class="markopen"/></symbol>
<symbol id="m-lab" overflow="visible"><path class="hit" d="M-11-11h22v22h-22z"/><path d="M-3.5-6.5h7M-2.3-6.5V4.2a2.3 2.3 0 0 0 4.6 0V-6.5" class="markopen"/><path d="M-2.3-.5h4.6v4.7a2.3 2.3 0 0 1-4.6 0z"/></symbol>
<symbol id="m-image" overflow="visible"><path class="hit" d="M-11-11h22v22h-22z"/><path d="M-6-6H6V6H-6z" class="markopen"/><path d="M-5.5 5-1-1 1.5 2 3 .5 5.5 4v1.2z"/></symbol>
<symbol id="m-doc" overflow="visible"><path class="hit" d="M-11-11h22v22h-22z"/><path d="M-4.5-6.5H2L4.5-4V6.5h-9z" class="markopen"/><path d="M-2.2-1.5h4.4M-2.2 1h4.4M-2.2 3.5h3" class="open thin"/></symbol>
<symbol id="m-stroke" overflow="visible"><path class="hit" d="M-6-11h12v22h-12z"/><path d="M-1.75-7h3.5V7h-3.5z"/></symbol>
<symbol id="m-s0" overflow="visible"><circle r="4.2"/></symbol>
<symbol id="m-s1" overflow="visible"><path d="M0-6 6 0 0 6-6 0z"/></symbol>
<symbol id="m-s2" overflow="visible"><path d="M-4.2-4.2h8.4v8.4h-8.4z"/></symbol>
<symbol id="m-s3" overflow="visible"><path d="M0-5.6 5.4 4.4h-10.8z"/></symbol>
<symbol id="m-s4" overflow="visible"><path d="M0 5.6 5.4-4.4h-10.8z"/></symbol>
<symbol id="m-s5" overflow="visible"><path d="M-1.6-5.4h3.2v3.8h3.8v3.2h-3.8v3.8h-3.2v-3.8h-3.8v-3.2h3.8z"/></symbol>
<symbol id="i-print" viewBox="0 0 16 16"><path d="M4 6V1.8h8V6M4 11.5H1.8V6h12.4v5.5H12M4 9.5h8v4.7H4z" class="open"/></symbol>
<symbol id="i-gap" viewBox="0 0 16 16"><path d="M1.5 8h4M10.5 8h4M5.5 4v8M10.5 4v8" class="open"/></symbol>
<symbol id="i-double" viewBox="0 0 16 16"><path d="M1.8 1.8h8.4v8.4H1.8zM5.8 5.8h8.4v8.4H5.8z" class="open"/></symbol>
<symbol id="i-check" viewBox="0 0 16 16"><path d="m2.5 8.5 3.6 3.7 7.4-8.4" class="open bold"/></symbol>
<symbol id="i-page" viewBox="0 0 16 16"><path d="M3.5 1.8h6l3 3v9.4h-9z" class="open"/><path d="M5.8 7.5h4.4M5.8 10.2h4.4" class="open thin"/></symbol>
<symbol id="i-pen" viewBox="0 0 16 16"><path d="M2.5 13.5l.8-3.3 7.6-7.6 2.5 2.5-7.6 7.6z" class="open"/></symbol>
<symbol id="i-ring-yes" viewBox="0 0 28 28"><circle cx="14" cy="14" r="12.5" class="open"/><path d="M8 14.5l4.2 4.3L20.5 10" class="open bold"/></symbol>
<symbol id="i-ring-no" viewBox="0 0 28 28"><circle cx="14" cy="14" r="12.5" class="open"/><path d="M9.5 9.5l9 9M18.5 9.5l-9 9" class="open bold"/></symbol>
<symbol id="i-relay" viewBox="0 0 16 16"><circle cx="8" cy="8" r="2.4"/><circle cx="8" cy="8" r="6" class="open dash"/></symbol>
<symbol id="m-other" overflow="visible"><path class="hit" d="M-11-11h22v22h-22z"/><path d="M0-5.5 5.5 0 0 5.5-5.5 0z"/></symbol>
<symbol id="m-many" overflow="visible"><path class="hit" d="M-11-11h22v22h-22z"/><path d="M-9-8H9V8H-9z" class="markopen"/></symbol>
</defs></svg>"##;
