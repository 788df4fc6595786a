/** HTML that somebody's program wrote, made fit for a frame that must stay where it is. */

/** Links within the page stay, those to other sites open a tab, and those to files beside it, which the frame can't reach, are none. */
export function framed(html: string): string {
  const page = new DOMParser().parseFromString(html, "text/html");
  for (const link of page.querySelectorAll("a[href], area[href]")) lead(link);
  const doctype = page.doctype ? "<!doctype html>" : "";
  return doctype + page.documentElement.outerHTML;
}

function lead(link: Element): void {
  const href = link.getAttribute("href")!.trim();
  if (href.startsWith("#")) return link.removeAttribute("target");
  if (!/^(https?|mailto):/i.test(href)) return link.removeAttribute("href");
  link.setAttribute("target", "_blank");
  link.setAttribute("rel", "noopener noreferrer");
}
