const SVG = 'http://www.w3.org/2000/svg';

// An arrow down onto a tray.
const PATHS = ['M8 1.75v8', 'M4.75 6.75 8 10l3.25-3.25', 'M2 10.5v2.75c0 .55.45 1 1 1h10c.55 0 1-.45 1-1V10.5'];

/** Drawn in the colour of the text around it; says nothing to screen readers. */
export function makeIcon(classes = ''): SVGSVGElement {
  const icon = document.createElementNS(SVG, 'svg');
  icon.setAttribute('viewBox', '0 0 16 16');
  icon.setAttribute('class', `od-toolbar-icon ${classes}`.trim());
  icon.setAttribute('aria-hidden', 'true');
  for (const line of PATHS) {
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('d', line);
    icon.append(path);
  }
  return icon;
}
