/** Prepares HTML written by a program for a frame that must not navigate. */

/** Links within the page work, links to other sites open a tab, and links to neighbouring files, which the frame can't load, are removed. */
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
