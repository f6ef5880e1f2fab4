/** Finds texts that somebody cannot read: cut off without an ellipsis, wider than their field, or covered by another. */

/** Resolves to a sentence for each such text of the page, at most ten. */
export function clippedTexts(page) {
  return page.evaluate(() => {
    const found = [];
    const seen = ({ top, left, width, height }) => width > 0 && height > 0 && top < innerHeight && left < innerWidth;
    const report = (kind, element, text) => found.push(`${kind}: “${text.trim().slice(0, 60)}” in <${element.localName} class="${element.className}">`);
    const pen = document.createElement("canvas").getContext("2d");
    const widthOf = (text, { font }) => ((pen.font = font), pen.measureText(text).width);

    for (const field of document.querySelectorAll("input[placeholder], select")) {
      if (!seen(field.getBoundingClientRect())) continue;
      const style = getComputedStyle(field);
      const text = field.value && field.localName === "input" ? "" : (field.placeholder ?? field.selectedOptions[0]?.text ?? "");
      const arrow = field.localName === "select" ? 20 : 0;
      const room = field.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) - arrow;
      if (text && widthOf(text, style) > room + 1) report("wider than its field", field, text);
    }
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const boxes = [];
    while (texts.nextNode()) {
      const { currentNode: node } = texts;
      const element = node.parentElement;
      if (!node.data.trim() || element.closest("script, style, noscript, .only-for-readers, .skip-link, select, .monaco-editor, [aria-hidden=true]")) continue;
      // What a closed part hides has a box all the same.
      if (element.closest("details:not([open])") && !element.closest("summary")) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const box = range.getBoundingClientRect();
      if (!seen(box) || getComputedStyle(element).visibility === "hidden") continue;
      const clip = clipperOf(element, box);
      if (clip === undefined) continue;
      if (clip) report("cut off", clip, node.data);
      else for (const line of range.getClientRects()) boxes.push({ box: line, element, text: node.data });
    }
    for (const [place, one] of boxes.entries()) {
      const covered = boxes.slice(place + 1).find((other) => overlap(one, other));
      if (covered) report("overlaps", covered.element, `${one.text.trim()} / ${covered.text.trim()}`);
    }
    return found.slice(0, 10);

    /** The element that cuts the text; null where none does, undefined where it can be scrolled to or is out of sight. */
    function clipperOf(element, box) {
      for (let each = element; each && each !== document.body; each = each.parentElement) {
        const { overflowX, overflowY, textOverflow, webkitLineClamp } = getComputedStyle(each);
        const bounds = each.getBoundingClientRect();
        if (/auto|scroll/.test(overflowX + overflowY)) {
          const isInside = box.left >= bounds.left - 1 && box.right <= bounds.right + 1 && box.top >= bounds.top - 1 && box.bottom <= bounds.bottom + 1;
          if (!isInside) return undefined;
        } else if (/hidden|clip/.test(overflowX) && textOverflow !== "ellipsis" && webkitLineClamp === "none") {
          // A box of one pixel is for screen readers.
          if (bounds.width <= 1) return undefined;
          if (box.right > bounds.right + 1 || box.bottom > bounds.bottom + 2 || box.left < bounds.left - 1) return each;
        } else if (textOverflow === "ellipsis" || webkitLineClamp !== "none") return undefined;
      }
      return null;
    }

    function overlap(one, other) {
      if (one.element.contains(other.element) || other.element.contains(one.element)) return false;
      const layer = (element) => element.closest(".selection-bar, .modal, .popover, .table-head, .top-bar, .navigation, .tooltip");
      if (layer(one.element) !== layer(other.element)) return false;
      const width = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
      const height = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top);
      return width > 1 && height > 4;
    }
  });
}
