// Runs in the browser: see page-problems.ts.
globalThis.pageProblems = (kind) => {
  const problems = [];
  const root = document.documentElement;
  const canvas =
    getComputedStyle(root).colorScheme.includes("dark") && matchMedia("(prefers-color-scheme: dark)").matches
      ? [18, 18, 18, 1]
      : [255, 255, 255, 1];

  if (!root.lang) problems.push("the document names no language");
  if (!["ltr", "rtl"].includes(root.dir)) problems.push("the document names no direction");
  if (!document.title.trim()) problems.push("the document has no title");
  if (root.scrollWidth > innerWidth)
    problems.push(`it is ${root.scrollWidth} wide in a window of ${innerWidth}`);

  if (kind === "page") {
    if (document.querySelectorAll("main").length !== 1) problems.push("there is not exactly one main part");
    if (document.querySelectorAll("h1").length !== 1) problems.push("there is not exactly one h1");
    for (const name of visibleControls().filter((control) => !nameOf(control)))
      problems.push(`a ${name.tagName} has no name`);
  }
  let level = 0;
  for (const heading of document.querySelectorAll("h1, h2, h3, h4")) {
    const next = Number(heading.tagName[1]);
    if (next > level + 1) problems.push(`${heading.tagName} follows h${level}: ${heading.textContent}`);
    level = next;
  }
  for (const image of document.querySelectorAll("img:not([alt])")) problems.push(`no alt: ${image.src}`);
  for (const svg of document.querySelectorAll("svg"))
    if (!svg.closest("[aria-hidden=true]") && !svg.getAttribute("aria-label"))
      problems.push("a picture is neither named nor hidden");

  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.textContent.trim() || !isVisible(element)) continue;
    const style = getComputedStyle(element);
    const behind = backgroundOf(element);
    const ratio = contrast(over(parse(style.color), behind), behind);
    const size = Number.parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5))
      problems.push(`contrast ${ratio.toFixed(2)}: ${texts.currentNode.textContent.trim().slice(0, 40)}`);
  }
  return problems;

  function visibleControls() {
    return [...document.querySelectorAll("a, button, input, select, textarea, iframe")].filter(
      (control) => control.type !== "hidden" && isVisible(control),
    );
  }

  function nameOf(control) {
    return (
      control.getAttribute("aria-label") ||
      control.title ||
      [...(control.labels ?? [])].map((label) => label.textContent).join("") ||
      control.textContent
    ).trim();
  }

  /** A preview text is there for the list of mails, and hidden in the mail in every way there is. */
  function isVisible(element) {
    return element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  }

  function backgroundOf(element) {
    const layers = [];
    for (let node = element; node; node = node.parentElement) {
      const color = parse(getComputedStyle(node).backgroundColor);
      layers.push(color);
      if (color[3] === 1) break;
    }
    return layers.reduceRight((below, layer) => over(layer, below), canvas);
  }

  function parse(color) {
    const [red, green, blue, alpha = 1] = color.match(/[\d.]+/g).map(Number);
    return [red, green, blue, alpha];
  }

  function over([red, green, blue, alpha], below) {
    return [red, green, blue].map((part, index) => part * alpha + below[index] * (1 - alpha)).concat(1);
  }

  function luminance(color) {
    const [red, green, blue] = color.map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }

  function contrast(one, other) {
    const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  }
};
