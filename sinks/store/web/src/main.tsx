// SPDX-License-Identifier: MIT
import {render} from 'preact';
import './style/base.css';
import './style/shell.css';
import './style/tables.css';
import './style/bars.css';
import './style/pipeline.css';
import './style/build.css';
import './style/bus.css';
import {App} from './app';
import {apply} from './theme';

apply();
render(<App />, document.getElementById('app')!);
