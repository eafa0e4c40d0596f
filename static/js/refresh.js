// A page of the administration that somebody looks at loads itself anew, every data-seconds of this script.
const seconds = Number(document.currentScript.dataset.seconds);
setInterval(() => { if (!document.hidden) location.reload(); }, seconds * 1000);
