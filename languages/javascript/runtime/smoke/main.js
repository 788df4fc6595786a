const line = require("node:fs").readFileSync(0, "utf8").split("\n")[0];
console.log(`hello ${line} from node`);
