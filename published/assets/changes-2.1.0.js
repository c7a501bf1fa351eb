(window.cbrnChanges = window.cbrnChanges || {})["2.1.0"] = {};
