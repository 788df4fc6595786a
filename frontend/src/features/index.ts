/**
 * The features of the studio. Each registers its commands, panels, tab views, status items and project scope when it is
 * imported. Panels stand in the order of this list.
 */
import "./projects";
import "./settings";
import "./accounts";
import "./explorer";
import "./search";
import "./timeline";
import "./trash";
import "./editor";
import "./upload";
import "./run";
import "./errors";
import "./jobs";
import "./artifacts";
