// The token of a link stands behind its #, which no server is sent: it goes into the form.
(() => {
  const token = decodeURIComponent(location.hash.slice(1));
  if (!token) return;
  document.querySelector("#token").value = token;
  document.querySelector("#token-field").hidden = true;
  history.replaceState(null, "", location.pathname);
  document.querySelector("#name").focus();
})();
