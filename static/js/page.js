// Every page: say that scripts run, and keep htmx inside our content policy.
document.documentElement.classList.remove("no-js");
