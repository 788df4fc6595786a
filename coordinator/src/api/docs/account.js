// Uses the code in a mail's link. It stands behind the "#", so that no server and no log sees it before it is used.
const [purpose, token] = location.hash.slice(1).split("=");
const answer = document.getElementById("answer");
const form = document.getElementById(purpose === "reset" || purpose === "verify" ? purpose : "none");

async function send(body) {
  const response = await fetch(`/api/v1/auth/${purpose}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (response.ok) return "Done. You can close this page and sign in.";
  const problem = await response.json().catch(() => ({}));
  return problem.detail || `It did not work (${response.status}).`;
}

if (form && token) {
  form.hidden = false;
  answer.textContent = "";
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const password = document.getElementById("password").value;
    answer.textContent = await send(purpose === "reset" ? { token, new_password: password } : { token });
  });
}
