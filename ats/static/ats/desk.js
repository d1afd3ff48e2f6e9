// Keys at the desk. On a page, a key clicks the button that names it; in a list, J and K move, S and R decide.
(function () {
  "use strict";

  var TYPING = "input:not([type=checkbox]):not([readonly]), textarea, select, [contenteditable=true]";
  var at = -1;

  function rows() {
    return Array.prototype.slice.call(document.querySelectorAll("#result_list tr.data-row"));
  }

  function linkOf(row) {
    return row && row.querySelector("th a, td a");
  }

  function move(step) {
    var all = rows();
    if (!all.length) return;
    if (all[at]) all[at].classList.remove("desk-at-row");
    at = Math.min(Math.max(at + step, 0), all.length - 1);
    all[at].classList.add("desk-at-row");
    all[at].scrollIntoView({ block: "nearest" });
    var link = linkOf(all[at]);
    if (link) link.focus({ preventScroll: true });
  }

  function decide(verb) {
    var link = linkOf(rows()[at]);
    var form = document.getElementById("desk-decide");
    if (!link || !form) return;
    form.action = new URL(link.href).pathname.replace(/change\/$/, "do/");
    form.elements.verb.value = verb;
    form.submit();
  }

  function inList(key) {
    if (key === "j") move(1);
    else if (key === "k") move(-1);
    else if (key === "s") decide("shortlist");
    else if (key === "r") decide("reject");
    else return false;
    return true;
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.target.closest(TYPING)) return;
    var key = event.key.toLowerCase();
    var named = document.querySelector('[data-key="' + CSS.escape(key) + '"]');
    if (named) {
      event.preventDefault();
      named.click();
    } else if (document.getElementById("desk-decide") && inList(key)) {
      event.preventDefault();
    }
  }

  function onClick(event) {
    var button = event.target.closest("[data-copy]");
    if (!button) return;
    var field = document.getElementById(button.dataset.copy);
    field.select();
    var done = function () { button.textContent = "Copied"; };
    if (navigator.clipboard) navigator.clipboard.writeText(field.value).then(done);
    else if (document.execCommand("copy")) done();
  }

  // The theme hides a page until its scripts run, so the browser has passed the field that asks for the focus.
  function focusFirst() {
    var field = document.querySelector("[autofocus]");
    if (field && document.activeElement === document.body) field.focus();
  }

  document.addEventListener("alpine:initialized", function () { requestAnimationFrame(focusFirst); });
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", onClick);
})();
