(window.cbrnChanges = window.cbrnChanges || {})["1.0.0"] = {};
