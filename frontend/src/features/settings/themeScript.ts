/** Runs before the first paint, so that a dark page never flashes white. Hashed for the CSP at build. */
export const themeScript = `(function(){try{var s=JSON.parse(localStorage.getItem("engunity.settings")||"{}");var t=s.theme||"system";var d=t==="dark"||(t==="system"&&matchMedia("(prefers-color-scheme: dark)").matches);document.documentElement.dataset.theme=d?"dark":"light"}catch(e){}})()`;
