// Runs in mongosh over the loopback interface of mongodb1, where the first user may be created without a password.
const { readFileSync } = require("fs");
const secret = (name) => readFileSync(`/run/secrets/${name}`, "utf8").trim();
const admin = db.getSiblingDB("admin");
const members = ["mongodb1", "mongodb2", "mongodb3"];

function authenticate() {
  try {
    return admin.auth("admin", secret("mongodb_admin_password")).ok === 1;
  } catch {
    return false;
  }
}

if (!authenticate()) {
  try {
    rs.initiate({
      _id: "rs0",
      members: members.map((host, index) => ({ _id: index, host: `${host}:27017`, priority: index === 0 ? 2 : 1 })),
      settings: { electionTimeoutMillis: 4000 },
    });
  } catch (error) {
    if (error.codeName !== "AlreadyInitialized") throw error;
  }
  while (!db.hello().isWritablePrimary) sleep(500);
  admin.createUser({ user: "admin", pwd: secret("mongodb_admin_password"), roles: ["root"] });
  authenticate();
}

// `partnerhub check` reads the size of the oplog and the state of the members.
const roles = [
  { role: "readWrite", db: "partnerhub" },
  { role: "dbAdmin", db: "partnerhub" },
  { role: "clusterMonitor", db: "admin" },
  { role: "read", db: "local" },
];
const user = { pwd: secret("mongodb_server_password"), roles };
if (admin.getUser("partnerhub")) admin.updateUser("partnerhub", user);
else admin.createUser({ user: "partnerhub", ...user });
