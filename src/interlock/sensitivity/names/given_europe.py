"""Given names of Europe and the Americas that the US Census list is short of. Put together by hand; lower case."""

GIVEN = """
adán agustín alejandro alejandra álvaro amparo andrés ángel ángela anselmo antonio arturo aurelio baltasar bartolomé
beatriz begoña belén benito bernabé berta blanca borja candela candelaria carlota carmelo carmen catalina cayetano
celestino chema concepción consuelo cristian cristina cristóbal dolores eduardo elisenda eloísa elvira emiliano emilio
encarnación enrique ernesto esteban estefanía eugenio eusebio ezequiel fabián fabiola federico felipe fermín fernanda
fernando francisca francisco gabriela gaspar germán gerónimo gilberto gonzalo graciela gregorio guadalupe guillermo
gustavo héctor heriberto hernán hilario horacio hugo ignacio inés inmaculada íñigo isabel isidro ismael iván jacinto
jaime javier jerónimo jesús joaquín jordi jorge josé josefa josefina juan juana juanita julián julio laureano leandro
leonor leticia lorena lorenzo lourdes luciano lucía luis luisa lupita macarena maite manuel manuela marcelo marcos
margarita maría mariana mariano maribel marisol marta martín mateo matías mauricio máximo mercedes miguel milagros
montserrat narciso natividad nicanor nicolás nieves noelia nuria octavio olalla óscar pablo paco paloma pascual
patricio paulina pedro pepe pilar primitivo purificación rafael raimundo ramiro ramón raúl remedios ricardo roberto
rocío rodolfo rodrigo rogelio román rosalía rosario rufino salvador santiago santos saturnino sebastián segundo sergio
severino silvia socorro soledad susana tadeo teodoro teresa timoteo tomás úrsula valentín vicente víctor virgilio
xavier ximena yago yolanda zacarías abelardo adalberto agripina aitana aitor ander anselma aránzazu arantxa asier
benjamín dídac edurne efraín eneko ferran gorka iker iñaki jimena jon koldo leire maialen marcial mikel nerea neus
oriol pau pol quim roser sofía unai yaiza abílio adão adelaide afonso albertina alessandra aline amélia anderson
antônio antónio aparecida armando artur augusto benedita bento bernardo breno bruna bruno caetano caio camila carla
catarina cauã célia cíntia cláudia cláudio clóvis conceição cristiane cristiano daiane daniela danilo davi débora diego
diogo domingos edson eduarda elaine elisa emanuel érica evandro fábio fabrício fátima felícia fernandes filipa filipe
flávia flávio gabriel geraldo gilson gisele giovana glória gonçalo guilherme heitor helena heloísa henrique hélio igor
inácio inês isabela isadora ivone jacira jair joana joão joaquim jonas josué júlia juliana júlio jussara karina kauã
lara larissa laura leonardo lígia lívia luana lúcia luciana luís luiz luíza luzia magda marcela márcia márcio marlene
matheus mateus maurício melissa milena moacir mônica murilo natália nelson nilton nuno otávio patrícia paula paulo
priscila rafaela raimunda raíssa raquel regina renan renata renato rita rogério ronaldo rosana rosângela rubens rui
samuel sandra sara sebastião sidnei sílvia simone sônia soraia suzana tânia tatiana telma teresinha thaís thiago tiago
tomé valdir valéria vanessa vasco vera vinícius vitória vítor wagner wanderley wellington wilson yasmin adelmo adriana
adriano agata agnese agostino alberta alberto alba alda aldo alessandro alessia alessio alfonso alfredo alice amedeo
andrea angela angelica angelo anita annalisa annamaria antonella antonietta arianna arnaldo aurelia aurora barbara
beatrice benedetta benedetto bianca biagio brunella camilla carlo carlotta carmela carmine caterina cecilia cesare
chiara ciro claudia claudio clelia corrado cosimo costantino damiano daniele daria dario davide debora diletta dino
domenica domenico donatella donato edoardo elena eleonora elio elisabetta eloisa emanuela emanuele emilia emma enrica
enrico enzo ermanno ettore eugenia eva fabio fabrizio federica fedele ferdinando filippo fiorella flavia flavio franca
francesca francesco franco fulvio gabriella gaetano gaia gennaro gerardo giacomo giada gianluca gianmarco gianni gigi
gino gioele gioia giordano giorgia giorgio giovanna giovanni giulia giuliana giuliano giulio giuseppe giuseppina
giustino graziella greta guido ilaria immacolata irene isabella iole ivo lapo letizia lia liliana livia loredana
lorenza luca lucia lucio lucrezia ludovica ludovico luigi luigia maddalena marcella marcello marco margherita
mariangela marina mario marisa martina massimiliano massimo matilde matteo mattia maurizio mauro michela michele
mirella mirko moreno nadia nazario nicola nicoletta nicolò noemi norma nunzia nunzio orazio oreste ornella orsola
osvaldo ottavio pamela paola paolo pasquale patrizia piera pierluigi piero pietro pina pino primo raffaella raffaele
renzo riccardo rinaldo rino roberta rocco romano romeo rosa rosalba rosanna rosaria ruggero sabrina salvatore samuele
sandro santa santino saverio serena settimio silvana silvano silvio simona simonetta sofia stefania stefano susanna
tania teo tiziana tiziano tommaso tullio ugo umberto valentina valentino valerio vanda veronica viola virginia vincenzo
vito vittoria vittorio viviana walter zeno adèle adrien adrienne agathe agnès alain albane alexandre alexis alix
alphonse amandine ambre amélie anaïs anatole andré andrée anne-marie anne-sophie annick antoine antoinette apolline
ariane aristide armand armel arnaud astrid aude audrey auguste augustin aurélie aurélien aurore axelle baptiste bastien
benoît bérénice bernadette bernard bertrand blaise blanche blandine brigitte camille capucine carole caroline cassandre
catherine cécile célestin céline chantal charline christelle christiane christophe claire claudette claudine clémence
clément clothilde clotilde colette constance corentin corinne cosette cyril cyrille damien danielle delphine denis
denise désiré didier dominique dorothée édith edgard edmond édouard éléonore éliane éliott élisabeth élise élodie éloi
émeline émile émilie emmanuel emmanuelle éric estelle esther étienne eudes eugène eugénie eulalie évelyne fabien
fabienne fabrice fanny félicie félix fernand flavie fleur florence florent florian franck françois françoise frédéric
frédérique gaël gaëlle gaëtan gaspard gaston gautier geneviève geoffroy georges georgette gérald gérard germain
germaine ghislain ghislaine gilberte gilles ginette gisèle grégoire grégory guillaume gustave guy gwenaëlle hadrien
hélène henri henriette hervé honoré hortense hubert hugues inès isabelle ivan jacqueline jacques jean-baptiste
jean-claude jean-françois jean-louis jean-luc jean-marc jean-marie jean-michel jean-paul jean-philippe jean-pierre
jean-yves jeanne jeannine jérémie jérôme joël joëlle jocelyne josette joséphine josiane judith jules julie julien
julienne juliette justine laure laurent laurence laurette léa léon léonie léopold liliane lionel lise loïc lola loris
lou louane louis louise loup luc lucas lucie lucien lucienne ludivine ludovic lydie maël maëlle maëlys magali maïté
manon marc marcel marceline marcelle margaux margot marguerite marianne marie marie-claire marie-claude marie-france
marie-hélène marie-josé marie-laure marie-louise marie-thérèse mariette marine marion marius marjolaine martial martine
maryse mathéo mathieu mathilde mathis mathurin matthias maud maurice maxence maxime mélanie mélissa mélodie michel
micheline michèle mireille monique morgane muriel myriam nadège nadine nathalie nathan nicolas nicole ninon noah noé
noël noëlle noémie océane odette odile olivia olivier ophélie oriane pascal pascale patrice patricia paulette pauline
perrine philippe philippine pierre pierre-yves pierrette quentin rachid raoul raphaël raphaëlle raymonde régine régis
rémi rémy renaud rené renée robin rodolphe roland rolande romain romane romuald rosalie roselyne roxane sabine salomé
sandrine séraphine serge séverine sébastien sidonie solange solène sophie stanislas stéphane stéphanie suzanne suzette
sylvain sylvette sylviane sylvie tanguy théo théodore théophile thérèse thibault thibaut thierry thomas timothée
tiphaine tristan valentin valérie valentine victoire victorien violette virginie viviane yann yannick yasmine yoann
yolande yvan yves yvette yvon yvonne zacharie zélie zoé achim adalbert adelheid adolf albrecht alfons alois amelie
andreas anette angelika anke anna-lena annegret anneliese annemarie annette anton antje armin arne arno august axel
bärbel bastian beate benedikt bernd bernhard berthold bettina birgit birgitta bjarne björn bodo brunhilde burkhard
carina carsten christel christoph clemens conny constanze corinna cornelia cornelius dagmar detlef dieter dierk dietmar
dietrich dirk doris dorothea eberhard eckhard eckhardt edeltraud egon elfriede elke ellen elmar elsbeth emil erdmann
erich erika ernst erwin eugen evelin ewald felix ferdinand franz franziska friedemann friederike friedhelm friedrich
frieda friedrun fritz gabriele georg gerda gerd gerhard gerlinde gernot gertrud gertraud gisela gitta gottfried gregor
gretel grete gudrun guenther gundula günter günther gustav hagen hanna hannah hannelore hanne hannes hans hans-jürgen
hans-peter hansjörg harald hartmut hartwig hedwig heide heidemarie heidi heike heiko heiner heinrich heinz helga helge
hella hellmut helmut henning henrike herbert hermann hermine herta hildegard hilde hinrich holger horst hubertus ilka
ilona ilse imke ina ines inga inge ingeborg ingo ingrid irina irma irmgard irmtraud isolde jakob jan janina jannik
jannis jens joachim jochen johann johanna johannes jörg jörn josef julian julius jürgen jutta kai karin karl karl-heinz
karla karlheinz karola karoline karsten käte katharina käthe kathrin katja katrin kerstin kevin kilian kirsten klara
klaus klemens knut konrad konstantin kristin kunigunde kurt lars laurenz leni lennart leon leonhard leopold liesel
lieselotte lilli lina linus lorenz lothar lotte ludger ludwig luise lukas lutz magdalena maike maja malte mandy manfred
marek margarete margit margret mariele marieke marika marit markus marlies marlis mathias maximilian mechthild meike
meinhard melanie michaela mirjam mona monika moritz nadja natascha niels niklas nils nina norbert olaf oliver oskar
otmar ottilie otto paul-heinz peer petra philipp pia rainer ralf ralph raimund reiner reinhard reinhold renate rolf
roman ronja rosemarie rosl rosmarie rudi rudolf rüdiger rupert ruprecht ruth saskia sebastian siegbert siegfried
sieglinde siegmund sigrid sigrun silke sigmar sofie sonja sören stefan stefanie steffen steffi susanne susann sven
svenja swantje tanja thea theodor theresa thekla thilo thorben thorsten tilman till timm timo tim tobias torben torsten
traute traudl trude uli ulla ulrich ulrike ursel ursula uschi uta ute uwe verena veronika viktor viktoria volker
volkmar waldemar walburga waltraud walther wendelin wenzel werner wibke wiebke wieland wilfried wilhelm wilhelmine
willi willy winfried wolf wolfgang wolfram aafke adriaan aleida anneke annelies annemiek anouk arie arjan arjen bart
bas bastiaan berend bram carolien cas coen cornelis daan dieuwke diederik dirk-jan douwe eefje elise els emiel erik
evert femke fenna ferdi floor floris fokke frans frederik geert gerrit gijs gijsbert greetje guus hannie harm hein
hendrik hendrika henk hetty huub jaap jacob jacoba jacobus jantje jasmijn jasper jelle jeroen jesse jet joep johan joke
joost joris jurgen jurriaan karel kees kim klaas koen koos lammert leendert lies lieke liesbeth luuk maaike maarten
machteld madelief marijke marjan marjolein marleen martijn mathijs matthijs menno merel mieke mirthe mischa nienke noor
paulien piet pieter pim rianne rik rinske roel roelof roos ruben rutger ruud saartje sander sanne seppe sharon sien
sietse siem sjoerd stijn suze sytze teun teunis thijs thom tijmen tineke tjeerd toon trijntje truus twan veerle
wendeline wessel wietske wiebe wil wilbert wilhelmina willem wim wouter xander zeger agneta agnete aksel alf alva
anders ann-christin ann-marie anna-karin anne-lise annika arvid asbjørn åsa åse asta bendik bengt bente berit bertil
birger birgitte bjarte bjørg bjørn bjørnar bo bodil börje bosse britt britta britt-marie catharina christer dag dagfinn
dagny ebba eilif einar eirik elin ellinor elsa erlend erling espen eskil eva-lena even eyvind finn fredrik freja frida
frode gard geir göran göta gorm greger grethe gro gudmund gunhild gunilla gunn gunnar gunvor gustaf håkan håkon halfdan
halvor halvard hans-erik hedda hedvig hege helene helle henrik hildur hjalmar idun inge-lise inger ingemar ingebjørg
ingvar ingvild ivar jannicke jarl jarle jeppe jesper joakim jon-erik jonny jørgen jorunn josefine jostein kaj kajsa
kåre kari kasper katarina kirsti kjell kjersti kjetil knud kristian kristina kristoffer lasse laila leif lena linn
linnea linnéa liv lone lotta lovisa ludvig lykke mads magne magnhild magnus maj-britt malin margareta margrethe mari
marte mats mattias mette mikael mikkel mogens morten nanna njål oddvar odd ola olav ole olle olof ove øystein øyvind
palle pål peder pelle per pernilla pernille poul ragna ragnar ragnhild rasmus rikard rikke rune runar sanna sigbjørn
signe sigurd sigvard silje siri siv sixten sjur sofus solveig sølvi søren staffan stale ståle stein stellan stian stig
stina sture sunniva svante svein svend sverre synnøve tage terje thorbjörn thorvald thyra tiril tone tora torbjörn
torbjørn tord tore torgeir torill torkel tormod torstein torunn tove trine trond troels trygve turid tuva tyra ulf
ulrika unni urban valborg vebjørn vegard vibeke vidar viggo viveka vilde vilhelm ylva yngve aðalheiður agnar agnes
ágúst ágústa aldís andri anna ari arna arnar arndís arnór aron ásdís ásgeir ásta atli auður baldur baldvin bergþór
birkir birna bjarki bjarni bjartur björg björgvin björk bragi bryndís brynhildur brynjar dagur dagný davíð dóra edda
eggert egill elín elísabet ellert elvar erla erlendur ester eyjólfur eyrún eysteinn eyþór finnbogi finnur freyja freyr
friðrik garðar gísli gestur gréta grímur guðbjörg guðjón guðlaug guðmundur guðni guðný guðrún gunnhildur gunnlaugur
gylfi hafdís hafsteinn halla halldór halldóra hallgrímur haraldur haukur heiða heiðar helgi herdís hilmar hjalti
hjördís hlynur hrafn hrafnhildur hrönn hulda ingi ingibjörg ingimar ingólfur ingunn íris jóhann jóhanna jóhannes jökull
jóna jónas jón jóhannesdóttir jórunn karítas katla katrín ketill kjartan kolbrún kristinn kristján kristjana kristrún
laufey magnús margrét már oddný ólafur ólöf óli orri óskar pálína páll pétur ragnheiður rakel rósa rúnar sigmundur
sigríður sigrún sigurbjörg sigurður sigurjón sigurlaug sindri skarphéðinn skúli snorri sólrún sólveig stefanía stefán
steingrímur steinn steinunn steinþór sunna svala svanhildur svava sveinn sverrir thelma tinna tómas trausti tryggvi
unnur úlfar vala valdimar valgerður valur védís vigdís viðar vilborg vilhjálmur þór þóra þórarinn þórdís þórhallur
þórhildur þorsteinn þorvaldur þórunn aapo aatu aino aki aleksi alina anja anneli annukka anssi antero antti anu armi
arto arttu arvo asko atte auli eemeli eero eetu eeva eija eila eino elina elli emmi ensio erkki esa esko essi eveliina
hannele hannu harri heikki heimo helmi henna hilkka hilla iida iiris iiro ilari ilkka ilmari inka inkeri irja irmeli
isto jaakko jaana jani janne jari jarkko jarmo jarno jenna jenni jere joel joni jonna joona joonas jorma jouko jouni
juha juhani juho jukka jussi juuso jyrki kaarina kaija kaisa kaisu kalervo kalevi kalle karoliina katariina kati katri
kauko kerttu kimmo kirsi krista kristiina kyllikki kyösti lari lauri leena leevi lempi liisa liisi maarit maija maiju
maire marita maritta marja marjatta marjo marjukka marjut markku marko martti matias matti mauno meri merja mervi miia
mika mikko milja milla minna mira mirja mirjami niilo niina niko noora oili olavi oiva onni oona orvokki oskari osmo
otso outi paavo päivi pasi pauli pekka pentti perttu pertti petri petteri piia pirjo pirkko raija raimo rami reijo
reino riikka riitta risto ritva roope saana saara sakari sami sampo samuli sanni santeri santtu sari satu seija seppo
silja sini sinikka sirkka sirpa sisko suvi taavi taina taisto taneli tapani tapio taru tarja tarmo teemu teija tellervo
teppo terhi tero terttu tiia tiina toini toivo tomi topi toni topias tuija tuomas tuomo tuula tuuli tuulikki tuure
tyyne unto urho urpo uolevi vaula väinö valtteri veera veijo veikko veli venla vesa viljami viljo vilma ville virpi
yrjö aadam aili ain aivar aleksander allar andres andrus ants endel ene enn epp erki evald heiki heino hele imre indrek
jaak jaan jaanika jaanus janek juhan jüri kadri kaido kaie kalev kalju karl-erik kätlin kersti kert kristel kristjan
küllike külli laine leelo leida lembit liina liis maarja maie malle mait margus mari-liis marge mart märt meelis
meelike mihkel milvi moonika neeme oleg olev ott piret priit raivo rein reet reelika riina riho sirje sulev taimi teet
tiiu tiit tõnis tõnu toomas triin ülle ülo urmas urve uno vaike vallo veiko vello villu viivi aiga aija aivars alise
andris anete antra ārija artis arvīds atis baiba baņuta dace daiga dainis dzintars edgars edijs egils elīna ēriks evija
gatis ginta gunārs gunta guntars guntis ieva ilga ilze imants inese ingus inta ivars jānis juris kārlis kaspars
kristaps krišjānis laima lāsma liene līga linards madara mārcis māris mārtiņš matīss māra modris nauris normunds oskars
pēteris raivis raimonds rihards rolands rūta sandis sanita sarmīte sigita silvija solvita toms uģis uldis valdis velta
vija vilnis vita zane zigmārs ziedonis adomas agnė aidas aistė algimantas algirdas almantas andrius antanas arnas
arūnas arvydas audrius audronė aurimas aušra austėja birutė česlovas daina dainius dalia darius daiva danguolė deividas
domantas donatas dovilė edita edvinas egidijus eglė eimantas ernestas evaldas gabija gediminas genovaitė giedrė
giedrius gintaras gintarė gitana ignas ingrida jolanta jovita jūratė juozas jurga jurgis justinas justė karolis kazys
kęstutis kotryna kristijonas laimonas linas loreta mantas martynas mindaugas milda mykolas modestas nerijus nijolė ona
orinta petras povilas raimondas ramūnas ramunė rasa rimantas rimas ričardas rokas romualdas rytis saulius sigitas simas
skaistė stasys tadas tautvydas tomas ugnė vaida vaidas vaidotas vaiva valdas valdemaras vida vidas viktorija vilija
virginija vytautas vytas žilvinas živilė zita žygimantas zigmas agnieszka albin aldona aleksandra alicja alojzy amelia
anastazja andrzej aneta aniela antoni antonina apolonia arkadiusz bartłomiej bartosz beata benedykt bernadeta błażej
bogdan bogumił bogumiła bogusław bogusława bolesław bożena bronisław bronisława brygida cecylia celina cezary cyprian
czesław czesława dagmara damian danuta daniel dariusz dawid dobrosława dominik dominika dorota edward edyta elżbieta
eryk eugeniusz ewa ewelina fabian feliks filip filomena franciszek franciszka fryderyk genowefa grażyna grzegorz gustaw
halina henryk henryka honorata iga ignacy irena ireneusz iwo iwona izabela izydor jacek jadwiga jagoda jakub janusz
jarosław jaromir jerzy joanna jowita józef józefa julia julita justyna kacper kaja kajetan kamil kamila karol karolina
kasia katarzyna kazimierz kazimiera kinga klaudia konstanty kornelia krystian krystyna krzysztof ksawery leokadia
leszek lech lechosław leonard lidia lucjan lucyna ludmiła ludwik łucja łukasz maciej maksymilian małgorzata malwina
marcelina marceli marcin maria marian marianna mariola mariusz marlena martyna maryla maryna marzena mateusz matylda
melania michał michalina mieczysław mieczysława mikołaj mirosław mirosława natalia nikodem olga oliwia otylia patrycja
patryk paweł pelagia piotr przemysław radosław rafał remigiusz robert roksana rozalia ryszard sabina salomea seweryn
sławomir sławomira stanisław stanisława sylwester sylwia szczepan szymon tadeusz tamara teofil teodor tobiasz tomasz
urszula wacław walenty waleria wanda wawrzyniec weronika wiesław wiesława wiktor wiktoria wincenty wioletta wit witold
władysław władysława włodzimierz wojciech zbigniew zbyszek zdzisław zdzisława zenobia zenon ziemowit zofia zuzanna
zygmunt zyta adéla albert aleš alena alexandr alžběta anežka antonín barbora bedřich běla blanka blažena bohumil
bohumila bohuslav bohdana božena bořivoj břetislav čestmír ctibor dalibor dana danuše darina david denisa dobromila
drahomíra dušan eduard eliška evžen františek františka hana hedvika hynek iva ivana iveta jana jarmila jaromír
jaroslav jaroslava jindra jindřich jindřiška jiří jiřina jitka johana jozef karolína kateřina klára klement kristýna
kryštof květa květoslava ladislav lada lenka leoš libor libuše linda lubomír luboš luděk ludmila lukáš magdaléna
margita markéta martin matěj matouš matyáš maxmilián michal mikuláš milada milan milos miloslav miloslava miloš miluše
miriam miroslav miroslava mojmír naďa natálie nela nikola oldřich oldřiška oľga ondřej ondrej otakar patrik pavel pavla
pavlína petr přemysl prokop radek radim radka radmila radomír radoslav radovan renáta richard romana rostislav růžena
šárka šimon silvie slavomír soňa stanislav stanislava štefan štěpán štěpánka šťastný svatopluk světlana tadeáš taťána
tereza tomáš václav valerie vendula věra viktorie vilém vít vítězslav vladan vladimír vladimíra vladislav vlasta
vlastimil vojtěch vratislav vratislava zbyněk zdeněk zdenka zdeňka zlata žaneta zora zuzana žofie adriána ambróz andrej
arpád beáta blažej bystrík dávid emília ema ferko gašpar gejza imrich jozefína juraj kvetoslava ľubica ľubomír ľubomíra
ľubor ľudmila ľudovít marián mária marína matúš metod milota nadežda oto peter rastislav slávka štefánia terézia
timotej vavrinec viera viliam vincent zdenko zlatica žigmund zoltán alenka aljaž alojz alojzija anamarija andraž anica
anže avgust bernarda blaž bojan boris boštjan borut branko breda brigita cilka ciril cvetka damjan danica danijela
darinka darja darko davorin dejan domen drago dragica edvard ernest fanika ferdo franc frančiška franci fran gašper
gorazd hermina iztok ivanka izidor jaka janez janja janko jasmina jasna jelka jernej jerneja jolanda josip jože jožef
jožefa jožica julijana jure jurij justina karmen klavdija klemen lea lidija ljubo ljudmila lovro lucija luka majda
maksimiljan manca marija marijan marjana marjeta mateja matej matevž matic matija matjaž melita metka miha mihael miran
mitja mojca nada nataša neja nejc neža nevenka nika polona primož rado rok rozalija sandi sašo sebastjan silva simon
slavica slavko stane štefka tadej tatjana terezija tilen tina tinkara tjaša tomaž tomislav urh urška uroš valter vanja
vesna vid viljem vinko vladimir vlado zala zlatko zoran žan žiga adnan aida aleksandar almir amar ana anđela anđelka
ante antonija asim azra bakir biljana blagoje bojana borislav božidar božo branimir branislav branislava branka časlav
čedomir damir danijel dara darija davor dejana domagoj dragan dragana dragoslav dragutin dražen dubravka dunja duško
đorđe đuro dženan edin elvir elvis emina emir enver fadil fahrudin gojko goran gordana grgur haris hasan hrvoje husein
ibro ilija indira irfan ismet ivica jadranka jasenka jasminka jasmin jelena jovan jovana jovanka josipa jurica kata
katica kosta krešimir krunoslav kruno lejla lazar leo ljerka ljiljana ljubica ljubomir lovorka mara marica marin mate
matko mato melisa merima mihajlo mijo mila milana mile milenko milica milisav miljenko milivoj milka milomir milorad
milutin mina mirela mirjana mirna miro mirsad mislav mladen momčilo muamer muhamed mujo murat nađa nebojša nedeljko
nedjeljka nemanja nenad nermin nermina nevena nikica nikolina nikša novak obrad ognjen olivera ozren pavle perica pero
petar predrag radmilo radojka radomir rade rajko ranko ratko ružica saša sanja sanel savo sead sejad selma senad senka
sinisa siniša slađana slaven slavenka slobodan slobodanka smilja snežana snježana sofija spomenka srđan srećko stana
stanko stevan stevo stipe stjepan stojan strahinja suada sulejman svetislav svetlana svetozar šime tea teodora tihana
tihomir tin tomica toma tomo tonči uglješa una vahid vanesa vasilije vedran vedrana velibor veljko veselin vesela vinka
višnja vjeran vjekoslav vladimirka vlatka vojin vojislav vujadin vuk vukašin zdravka zdravko zorana zorica zrinka žarko
žana željka željko živko živojin zvezdana zvonimir zvonko ádám adél ágnes ágoston ákos alajos alexandra alfréd alíz
andor andrás anett anikó annamária antal aranka ármin árpád artúr áron attila aurél balázs bálint balint barnabás barna
béla bence benedek benjámin bernadett bertalan boglárka boldizsár borbála botond brigitta csaba csenge csilla cintia
dalma dániel dénes dezső dorina dorottya dorka edina edit ede elek eleonóra elemér emese emőke endre enikő ernő
erzsébet eszter etelka éva fanni ferenc flóra frigyes fruzsina gábor gellért gergely gergő géza gizella győző györgy
györgyi gyöngyi gyula hajnalka hédi henrietta huba hunor ibolya ignác ildikó imola irén istván ivett izabella izsák
janka jános jenő jolán józsef judit julianna kálmán kamilla károly katalin katinka kitti klotild kornél kornélia
kristóf krisztián krisztina lajos lászló lehel lilla lili lóránd lóránt lőrinc magdolna manfréd mariann márk márta
márton máté mátyás melinda mihály miklós milán mirtill mónika nándor nelli nikolett nikoletta nóra noémi olivér orsolya
oszkár ottó pál pálma panna péter piroska réka rebeka rezső richárd róbert rózsa rozália sámuel sándor sára sarolta
sebestyén soma stefánia szabolcs szabina szilárd szilveszter szilvia szidónia szonja tamás tas teodóra teréz tibor
tihamér tímea titusz tivadar tünde vencel viktória vilmos vince violetta virág zsanett zsigmond zsófia zsolt zsombor
zsuzsa zsuzsanna bátor barabás adela adelina adina adrian alexandru alin ana-maria anca andra andrada andrei antoaneta
ariana aurel aureliu camelia camil cătălin cătălina cezar ciprian claudiu codrin constantin constanța corina cornel
corneliu cosmin cosmina costel costin crenguța crina cristiana daciana dan-andrei dănuț delia diana dimitrie dinu doina
dorin doru dragoș dumitra dumitru ecaterina eliza emilian eufrosina felicia flaviu florea florentina florica florin
floriana gabi george georgeta georgiana gheorghe gheorghița grigore haralambie horațiu horia iacob ileana ilie ilinca
ioan ioana ion ionela ionel ionuț iulia iulian iuliana iuliu lăcrămioara laurențiu lavinia leontin lenuța liana ligia
liviu lucian lucica luminița mădălin mădălina maricica marilena marinela marioara mihaela mihai mihail mihnea mircea
miruna monica mugur neculai nechita nelu nicoleta nicolae nicușor octavia octavian oana olimpia ovidiu paraschiva
paul-andrei petre petrică petronela petru pompiliu radu raluca rareș rada rafila relu remus rodica romulus roxana
ruxandra sanda sava septimiu silviu simion sorin sorina ștefan ștefania stelian steliana stanca stere tiberiu titu
titus toader traian tudor valeria valeriu vasile vasilica veaceslav victor victoria violeta viorel viorica virgil
virginica vlad voichița zamfir zaharia zina aglaia agapi aikaterini alekos alexandros alexios alkis anastasia
anastasios angeliki angelos antigoni antonis apostolos aris aristea aristeidis aristotelis artemis asimina athanasios
athina charalambos charis chloe christina christoforos christos chrysa chrysanthi chrysoula daphne despina dimitra
dimitrios dimitris dionysia dionysios dora efthimios eftychia eirini elefteria eleftherios eleni elias elissavet elpida
ermioni euaggelia evagelia evangelia evangelos evanthia evgenia fani filippos filio foteini fotis galini garyfallia
georgia georgios gerasimos giannis giorgos grigoris haralambos ilias ioanna ioannis iordanis iosif irini kalliopi
kalliroi katerina kleio kleopatra konstantina konstantinos kosmas kostas kyriaki kyriakos lambros lazaros lefteris
leonidas lydia loukas lysandros magdalini makis manolis manos marianthi marios markos maro matina matthaios melina
menelaos michail michalis minas miltiadis myrto natassa nefeli nektarios nikiforos nikolaos nikoleta nikos odysseas
olympia orestis orfeas panagiota panagiotis panos pantelis paraskevi paris paschalis pavlos penelope periklis persefoni
petros phoebe platon polyxeni polychronis popi prodromos rania rea roula savvas smaragda sokratis sotiria sotirios
sotiris spiros spyridon spyridoula spyros stamatia stamatis stathis stavroula stavros stelios stella stergios stratos
stylianos styliani tasos tasoula thalia thanasis thanos theodora theodoros theofanis theofilos thodoris thomais
thrasyvoulos triantafyllos tryfon vaggelis vasia vasiliki vasilis vassilis vaso vassiliki voula xanthi xenia xenofon
yannis yiannis yiorgos zacharias zafeiris zoe ahmet ali aliye alper alperen altan arda arzu aslı aslıhan ata atakan
atilla ayça ayhan aydın aykut ayla aylin aynur ayşe ayşegül ayten aziz bahadır bahar banu barış başak batuhan baran
bayram bedriye begüm bekir belgin belma berat beren berk berkant berke berna beste betül beyza bilal bilge birgül birol
bora buğra buket burak burcu burçin burhan bülent büşra cafer can canan canberk cem cemal cemil cemile cengiz cenk
ceren ceyda ceyhun cihan cihat coşkun çağatay çağdaş çağla çağlar çetin çiğdem damla defne demet deniz derya devrim
didem dilara dilek doğa doğan doğukan dursun ebru ece ecem eda ediz ekin ekrem elçin elif emel emin emine emrah emre
engin enes ercan erdal erdem erdoğan eren ergin ergün erhan erkan erkin erol ersin ertan ertuğrul esin esma esra evren
eylül eyüp ezgi fadime fahri faruk fatih fatma fehmi ferda ferhat feride feridun ferit fevzi feyza figen fikret filiz
fuat fulya funda furkan galip gamze gizem gökçe gökhan göksel gönül gözde gül gülay gülbahar gülcan gülçin gülden gülen
güler gülhan gülizar gülnur gülperi gülsüm gülşen gülten günay güneş güngör güray gürkan güven güzin hacer hakan hakkı
haldun hale halide halil haluk hande harun hasibe hatice haydar hayrettin hayriye hidayet hilal hilmi hülya hüseyin
hüsnü ibrahim ilhan ilkay ilker ilknur imge inci ipek irem ishak ismail işıl izzet kaan kadir kader kadriye kağan kaya
kazım kemal kenan kerem kerim kıvanç koray korkut kübra kürşat lale lamia latife levent leyla lütfi macit mahir mahmut
makbule mehmet melahat melek melih melike melis meltem memduh menekşe mert mertcan merve mesut mete metin mevlüt mine
miray mualla muammer muharrem muhammet muhittin mukadder musa mustafa muzaffer münevver müge müjde müjgan münir mürsel
naci naciye nagihan nail namık nazan nazım nazlı nazmiye nebahat necati necdet necla necmettin nejat neslihan neşe
nevin nevzat nihal nihan nihat nil nilay nilgün nilüfer niyazi nuray nurcan nurdan nurettin nurhan nuri nuriye nurten
oğuz oğuzhan okan oktay olcay onur orçun orhan osman oya ozan ömer önder özcan özden özge özgür özgül özkan özlem öznur
pelin perihan pervin pınar polat rabia rahmi ramazan rasim raşit recep refik remzi reşat rıdvan rıfat rukiye rüstem
rüya sabri sabriye sadık saffet said sait salih salim samet saniye sedat sedef seda sefa sefer seher selahattin selami
selçuk selda selim selin semih semiha semra sena serap serdar seray serhan serhat serkan serpil sertaç servet seval
sevcan sevda sevgi sevil sevilay sevim sevinç sezen sezer sezgin sıdıka sıla sibel sinan sinem soner songül suat sude
sultan suna suzan süheyla sülayman süleyman sümeyye şaban şadiye şafak şahin şebnem şefik şehnaz şenay şengül şenol
şerafettin şerif şerife şevket şeyma şirin şule şükran şükrü taha tahir tahsin taner tanju tarık tarkan tayfun tayfur
taylan tekin temel teoman tevfik tolga tolunay toprak tuba tufan tugay tuğba tuğçe tuğrul tuncay tunç tunahan turan
turgay turgut turhan turkan tülay tülin türkan ufuk uğur ulaş umut utku ülkü ümit ümran ünal vahide vahit vedat vefa
veysel vildan volkan yağız yağmur yakup yalçın yaman yaren yasemin yasin yaşar yavuz yelda yeliz yeşim yetkin yıldıray
yıldırım yıldız yılmaz yiğit yonca yunus yurdagül yusuf yüksel zafer zehra zekeriya zeki zekiye zerrin zeynep zeliha
ziya züleyha agafya aglaya akim akulina albina aleksandr aleksei aleksey alevtina alexei alexey alisa aliya alla alyona
anatoli anatoliy anatoly anastasiya anfisa angelina anzhela anzhelika arina arkadiy arkady arseniy arseny artem artemiy
artyom asya avdotya bronislav daniil danila darya demid demyan dina dmitri dmitriy dmitry efim ekaterina elizaveta
emiliya evdokia evgeni evgeniy evgeny faina fedor filipp foma fyodor galina gavriil gennadi gennadiy gennady georgiy
georgy gleb grigoriy grigory ignat ilya inessa inna innokenty ioann izolda khristina kira kirill klavdia klavdiya
kseniya ksenia kuzma larisa lavrentiy leonid lev lidiya lilia liliya lyubov lyudmila lyuba makar maksim marat mariya
mark marfa maryana matvei matvey maxim mikhail miron mitrofan mstislav nadezhda nadya nataliya natalya natasha nazar
nikita nikolai nikolay nonna oksana olesya osip pelageya polina praskovya prokhor pyotr radislav raisa rimma rodion
ruslan saidakhmad sanya savely semyon semen serafima sergei sergey snezhana sofiya sofya stepan stepanida svyatoslav
taisiya tamerlan taras tatyana tikhon timofey timur trofim ulyana vadim valeriya valeriy valery varvara vasili vasiliy
vasilisa vasily venera veniamin viktoriya vitali vitaliy vitaly vladlen volodymyr vsevolod vyacheslav yakov yan yana
yaroslav yaroslava yefim yegor yekaterina yelena yelizaveta yevdokia yevgeni yevgenia yevgeniy yevgeny yulia yuliana
yuliya yuri yuriy zakhar zinaida zinovy zhanna zoya andriy anatolii artemii bohdan danylo dmytro halyna hryhoriy ihor
illia ivanna kateryna khrystyna kyrylo lesya lesia liudmyla lyudmyla maksym mariia mykhailo mykola mykyta myroslav
myroslava nadiia nataliia oleh oleksandr oleksandra oleksii oleksiy olena olha ostap orest panas pavlo petro roksolana
ruslana serhii serhiy sofiia solomiia sviatoslav svitlana tetiana tetyana valentyn valentyna vasyl vasylyna viacheslav
vira vitalii volodymyra yaryna yevhen yevheniia yevheniya yurii zinoviy zoriana asen atanas bilyana biser bistra
blagovest boyan boyka boyko deyan desislava dimitar dimitrina diyana dobrin dobromir dragomir elitsa emanuil gancho
galin genka gergana ginka hristina hristo iskra ivaylo ivelina kalin kalina kalojan kaloyan kamen kiril krasimir
krasimira krastyo kristiyan latchezar lilyana lyubomir lyudmil margaritka mariyan mariyana miglena milen mincho nayden
nedyalko neli ognyan ognian pavlina penka petya petko plamen plamena polya preslav radko radost radostin rositsa rosen
rumen rumyana savka sashka silviya simeon slavcho spas stanimir stefka stoyan stoyanka svetlin svetoslav svilen tanya
temenuzhka todor todorka tsanko tsvetan tsvetana tsvetanka tsvetelina valko vanya vasil vasilka velichka velislav
ventsislav veselina vesko vihra yanko yasen yavor yoana yordan yordanka zhivko zlatan zhelyazko zornitsa ani anahit ara
araks aram arax ararat arsen artavazd artak armen armine armenuhi aren ashot astghik avetik davit gagik garegin gayane
gevorg gohar grigor hakob hamlet harutyun hasmik hayk hovhannes hrachya hripsime karapet karen karine knarik lilit
levon lusine manuk mariam mesrop mher mkrtich nairi narek nare naira nune rafayel ruzanna sahak samvel sargis satenik
sevak shushan siranush sona tatev tigran vahan vahagn vardan varduhi vazgen vigen yervand zaruhi zaven akaki aleko
avtandil badri beka besik bidzina dato demetre ekaterine eka eteri gela giga giorgi gocha gogi guram gvantsa irakli
ivane jaba jumber kakha kakhaber ketevan keto khatia khatuna koba lado lali lamara lasha lela levan lika maia maka
mamuka manana medea merab mikheil mzia nana nanuli natela natia nato nikoloz nino nodar nugzar nutsa omar otar ramaz
rati revaz rezo rusudan salome shalva shota sopio sulkhan tamaz tamar tamta teimuraz temur tengiz teona tinatin tornike
vakhtang vano vazha zaza zurab zviad
"""
